// Forms: one submit at a time, a question before typed work is lost, "/" reaches the search box,
// and the first wrong field is where the cursor stands.
function holdSecondSubmit(root) {
  root.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post") return;
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of root.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
    }
  });
}

function guardUnsaved(root) {
  let isDirty = false;
  root.addEventListener("input", (event) => {
    if (event.target.form?.dataset.guard !== undefined) isDirty = true;
  });
  root.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.dataset.guard !== undefined) isDirty = false;
  });
  addEventListener("beforeunload", (event) => {
    // A module that sends the form itself takes the guard away.
    if (isDirty && root.querySelector("form[data-guard]")) event.preventDefault();
  });
}

function reachSearch(root) {
  root.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    const search = root.querySelector("input[type=search]");
    if (event.key !== "/" || isTyping || !search) return;
    event.preventDefault();
    search.focus();
  });
}

function start(root) {
  holdSecondSubmit(root);
  guardUnsaved(root);
  reachSearch(root);
  root.querySelector("[aria-invalid=true]")?.focus();
}

start(document);
