// The tier editor: rows come, go and move without a reload, and the preview follows the typing.
// Each step is the very form post that would happen without scripts.
import { fetchDocument, swapRegion } from "./documents.js";

const DEBOUNCE_MS = 350;

function start(root) {
  const form = root.querySelector("form[data-live-edit]");
  if (!form) return;
  let timer = 0;
  let running = null;

  async function post(action, region) {
    clearTimeout(timer);
    running?.abort();
    running = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("action", action);
    // Not form.action: buttons of that name stand in its place.
    const address = form.getAttribute("action");
    const page = await fetchDocument(address, { method: "POST", body, signal: running.signal });
    return swapRegion(page, `[data-region=${region}]`);
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    // A preview that fails stays as it was; saving says what is wrong.
    timer = setTimeout(() => post("preview", "preview").catch(() => {}), DEBOUNCE_MS);
  });
  form.addEventListener("submit", async (event) => {
    const action = event.submitter?.value ?? "save";
    if (action === "save") return;
    event.preventDefault();
    try {
      const region = await post(action, "editor");
      const [verb, row] = action.split("-");
      const place = { up: Number(row) - 1, down: Number(row) + 1 }[verb];
      const rows = region.querySelectorAll("fieldset");
      const next = place === undefined ? rows[rows.length - 1] : rows[place];
      next?.querySelector("input:not([type=hidden])")?.focus();
    } catch (error) {
      if (error.name === "AbortError") return;
      event.submitter.formNoValidate = true;
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: "action", value: action });
      form.append(field);
      HTMLFormElement.prototype.submit.call(form);
    }
  });
}

start(document);
