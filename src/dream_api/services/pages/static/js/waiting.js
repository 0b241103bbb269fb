// Looks again until something has happened that the page waits for, while somebody looks at it.
import { fetchDocument, swapRegion } from "./documents.js";

const PAUSE_MS = 2000;
const LOOKS_MAX = 900;

function start(root) {
  const region = root.querySelector("[data-waiting]");
  if (!region) return;
  let looks = 0;

  async function look() {
    if (document.visibilityState === "visible") {
      looks += 1;
      try {
        const page = await fetchDocument(region.dataset.waiting);
        const fresh = page.querySelector("[data-region=first-call]");
        if (fresh && !fresh.dataset.waiting) {
          swapRegion(page, "[data-region=first-call]");
          return;
        }
      } catch {
        // The server may be restarting; the next look will tell.
      }
    }
    if (looks < LOOKS_MAX) setTimeout(look, PAUSE_MS);
  }

  setTimeout(look, PAUSE_MS);
}

start(document);
