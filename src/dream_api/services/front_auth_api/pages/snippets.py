"""The first call in three languages, ready to run."""

_CURL = """curl {url}/v1/track \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"userId": "user_1"}}'"""

_PYTHON = """import requests

decision = requests.post(
    "{url}/v1/track",
    headers={{"Authorization": {quoted}}},
    json={{"userId": "user_1"}},
    timeout=5,
).json()

print("go on" if decision["allowed"] else decision["reason"])"""

_JAVASCRIPT = """const answer = await fetch("{url}/v1/track", {{
  method: "POST",
  headers: {{
    Authorization: {quoted},
    "Content-Type": "application/json",
  }},
  body: JSON.stringify({{ userId: "user_1" }}),
}});
const decision = await answer.json();

console.log(decision.allowed ? "go on" : decision.reason);"""


def call_snippets(url: str, secret_key: str | None) -> list[tuple[str, str]]:
    """Write the call in each language, with the real key, or with the variable that holds it."""
    if secret_key is not None:
        quoted = f'"Bearer {secret_key}"'
        return _filled(url, secret_key, quoted, quoted)
    return _filled(
        url,
        "$SECRET_KEY",
        "f\"Bearer {os.environ['SECRET_KEY']}\"",
        "`Bearer ${process.env.SECRET_KEY}`",
    )


def _filled(url: str, key: str, in_python: str, in_javascript: str) -> list[tuple[str, str]]:
    python = _PYTHON.format(url=url, quoted=in_python)
    return [
        ("curl", _CURL.format(url=url, key=key)),
        ("Python", f"import os\n{python}" if "os.environ" in python else python),
        ("JavaScript", _JAVASCRIPT.format(url=url, quoted=in_javascript)),
    ]
