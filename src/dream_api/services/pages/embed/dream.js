// <dream-pricing-table publishable-key="pk_live_drm_…"><a href="/plans">See plans</a></dream-pricing-table>
//
// Runs on other people's sites under the strictest policies: shadow DOM, a constructed stylesheet,
// nodes built by DOM calls, no HTML strings. What stands inside the element is shown when the
// prices cannot be had. Styling: ::part(grid|card|name|price|button) and --dream-* properties.
// Attributes: current-plan (the signed-in user's plan), heading-level (2 to 6, default 3).
const ORIGIN = new URL(import.meta.url).origin;
const ZERO_DECIMAL = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split(" "));

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; font-family: var(--dream-font, inherit); color: var(--dream-text, inherit); }
  [part=grid] { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr)); margin: 0; padding: 0; list-style: none; }
  [part=card] { display: flex; flex-direction: column; gap: 14px; padding: 20px; border: 1px solid var(--dream-border, #d5d7de); border-radius: var(--dream-radius, 12px); background: var(--dream-surface, transparent); }
  .popular { border-color: var(--brand); box-shadow: 0 0 0 1px var(--brand); }
  [part=name] { margin: 0; font-size: 1.05em; font-weight: 600; }
  [part=price] { margin: 0; }
  [part=price] b { font-size: 2em; letter-spacing: -.03em; }
  ul ul { flex: 1; margin: 0; padding: 0 0 0 1.1em; display: grid; gap: 6px; align-content: start; }
  [part=button] { display: block; padding: 9px 14px; border: 1px solid var(--brand); border-radius: calc(var(--dream-radius, 12px) * .7); background: var(--brand); color: var(--ink); font: inherit; font-weight: 600; text-align: center; text-decoration: none; }
  [part=button].current { background: none; color: inherit; border-color: var(--dream-border, #d5d7de); }
  [part=button]:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
`);

function make(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function priceOf(tier) {
  const isWhole = ZERO_DECIMAL.has(tier.currency);
  const amount = isWhole ? tier.priceCents : tier.priceCents / 100;
  const digits = isWhole || Number.isInteger(amount) ? 0 : 2;
  return new Intl.NumberFormat(document.documentElement.lang || undefined, {
    style: "currency", currency: tier.currency.toUpperCase(),
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  }).format(amount);
}

function inkOn(color) {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const share = parseInt(color.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

class DreamPricingTable extends HTMLElement {
  static observedAttributes = ["publishable-key", "current-plan", "heading-level"];
  #root = this.attachShadow({ mode: "open" });
  #document = null;
  #request = null;

  connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.replaceChildren(make("slot"));
    this.#load();
  }

  disconnectedCallback() {
    this.#request?.abort();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.isConnected || before === after) return;
    if (name === "publishable-key") this.#load();
    else if (this.#document) this.#draw();
  }

  async #load() {
    const key = this.getAttribute("publishable-key");
    this.#request?.abort();
    this.#request = new AbortController();
    try {
      const answer = await fetch(`${ORIGIN}/v1/tiers`, {
        headers: { "X-Publishable-Key": key ?? "" }, credentials: "omit", signal: this.#request.signal,
      });
      if (!answer.ok) throw new Error(`dream-api answered ${answer.status}`);
      this.#document = await answer.json();
      this.#draw();
      this.dispatchEvent(new CustomEvent("dream:ready", { bubbles: true, detail: this.#document }));
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#root.replaceChildren(make("slot"));
      this.dispatchEvent(new CustomEvent("dream:error", { bubbles: true, detail: error }));
    }
  }

  #draw() {
    const color = this.#document.branding?.color ?? "";
    const brand = /^#[0-9a-f]{6}$/i.test(color) ? color : "#5b4be1";
    this.style.setProperty("--brand", brand);
    this.style.setProperty("--ink", inkOn(brand));
    const tiers = this.#document.tiers.filter((tier) => !tier.archived);
    this.#root.replaceChildren(make("ul", { part: "grid" }, ...tiers.map((tier) => this.#card(tier))));
  }

  #card(tier) {
    const level = Math.min(6, Math.max(2, Number(this.getAttribute("heading-level")) || 3));
    const price = make("p", { part: "price" }, make("b", {}, priceOf(tier)), ` / ${tier.interval}`);
    const features = make("ul", {}, ...tier.features.map((feature) => make("li", {}, feature)));
    const name = make(`h${level}`, { part: "name" }, tier.displayName);
    const card = make("li", { part: "card" }, name, price, features, this.#button(tier));
    if (tier.popular) card.classList.add("popular");
    return card;
  }

  #button(tier) {
    const plan = this.getAttribute("current-plan");
    if (plan === tier.name) return make("span", { part: "button", class: "current" }, "Current plan");
    const key = encodeURIComponent(this.getAttribute("publishable-key"));
    const href = `${ORIGIN}/p/${key}/pricing?tier=${encodeURIComponent(tier.name)}`;
    const verb = plan ? "Switch to" : tier.priceCents ? "Choose" : "Start with";
    return make("a", { part: "button", href }, `${verb} ${tier.displayName}`);
  }
}

if (!customElements.get("dream-pricing-table")) customElements.define("dream-pricing-table", DreamPricingTable);
