// The one place where text becomes nodes: a page of our own server is parsed, and a region of it
// takes the place of the same region of this page.
const policy = globalThis.trustedTypes?.createPolicy("dream", {
  // Only our own server's page ever comes in here, and DOMParser runs no script of it.
  createHTML: (html) => html,
}) ?? { createHTML: (html) => html };

export async function fetchDocument(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) throw new Error("not the page that was asked for");
  return new DOMParser().parseFromString(policy.createHTML(await answer.text()), "text/html");
}

export function swapRegion(page, selector) {
  const [fresh, present] = [page.querySelector(selector), document.querySelector(selector)];
  if (!fresh || !present) throw new Error(`no region ${selector}`);
  present.replaceWith(document.adoptNode(fresh));
  return fresh;
}
