// Switches between light and dark at once; without JavaScript the form does it with a reload.
const YEAR_SECONDS = 31536000;

function start(root) {
  root.addEventListener("submit", (event) => {
    const theme = event.submitter?.dataset.theme;
    if (!theme) return;
    event.preventDefault();
    document.documentElement.dataset.theme = theme;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${theme}; path=/; max-age=${YEAR_SECONDS}; samesite=lax${secure}`;
    const other = event.target.querySelector(`[data-theme]:not([data-theme="${theme}"])`);
    other?.focus();
  });
}

start(document);
