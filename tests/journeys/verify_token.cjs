// Verifies tokens with panva's `jose`, from the issuer's address alone, as a service in Node would.
//
// Reads [{issuer, audience, token}] from standard input; writes [{claims} or {refused: code}].
// The library's folder is the first argument.
const { createRemoteJWKSet, jwtVerify } = require(process.argv[2]);

async function verify({ issuer, audience, token }) {
  const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
  const algorithms = discovery.id_token_signing_alg_values_supported;
  try {
    const rules = { issuer: discovery.issuer, audience, algorithms, typ: "at+jwt" };
    return { claims: (await jwtVerify(token, keys, rules)).payload };
  } catch (error) {
    return { refused: error.code ?? String(error) };
  }
}

let input = "";
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", async () => {
  console.log(JSON.stringify(await Promise.all(JSON.parse(input).map(verify))));
});
