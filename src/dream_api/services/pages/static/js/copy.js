// Copy buttons: shown only where this module runs. When the clipboard refuses, the text is selected.
import { say } from "./toast.js";

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copy(button) {
  const source = button.closest(".secret, .snippet").querySelector("code");
  try {
    await navigator.clipboard.writeText(source.textContent);
    say("Copied");
  } catch {
    select(source);
    say("Press Ctrl+C or ⌘C to copy the selection");
  }
}

function start(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  root.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });
}

start(document);
