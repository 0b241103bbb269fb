// <dream-pricing-table publishable-key="pk_live_drm_…"><a href="/plans">See plans</a></dream-pricing-table>
//
// Runs on other people's sites under the strictest policies: shadow DOM, a constructed stylesheet,
// nodes built by DOM calls, no HTML strings. What stands inside the element is shown when the
// prices cannot be had. Attributes, parts, properties and events: docs/guides/embedding.md.
const ORIGIN = new URL(import.meta.url).origin;
const ZERO_DECIMAL = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split(" "));

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; font-family: var(--dream-font, inherit); color: var(--dream-text, inherit); --edge: var(--dream-border, color-mix(in srgb, currentColor 18%, transparent)); --quiet: var(--dream-muted, color-mix(in srgb, currentColor 72%, transparent)); --accent: var(--dream-accent, var(--brand)); --ink: var(--dream-accent-text, var(--brand-ink)); --round: var(--dream-radius, 12px); }
  :host([hidden]) { display: none; }
  ul { margin: 0; padding: 0; list-style: none; }
  [part=grid] { display: grid; gap: var(--dream-gap, 16px); grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr)); }
  [part~=card] { display: flex; flex-direction: column; gap: 14px; min-width: 0; padding: 22px; border: 1px solid var(--edge); border-radius: var(--round); background: var(--dream-surface, transparent); overflow-wrap: anywhere; }
  [part~=popular] { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
  .head { display: flex; flex-wrap: wrap; gap: 4px 10px; justify-content: space-between; align-items: baseline; }
  [part=name] { margin: 0; font-size: 1.05em; font-weight: 600; }
  [part=badge] { padding: 1px 9px; border: 1px solid var(--edge); border-radius: 99px; font-size: .8em; }
  p { margin: 0; }
  [part=price] span { color: var(--quiet); }
  [part=price] b { font-size: 2.1em; font-weight: 650; letter-spacing: -.03em; line-height: 1.1; }
  [part=note] { margin-top: -8px; color: var(--quiet); font-size: .88em; }
  [part=features] { flex: 1; display: grid; gap: 7px; align-content: start; }
  [part=features] li { display: flex; gap: 9px; }
  [part=features] li::before { content: "✓" / ""; color: var(--quiet); }
  [part=button] { display: block; padding: 9px 14px; border: 1px solid var(--accent); border-radius: calc(var(--round) * .7); background: var(--accent); color: var(--ink); font: inherit; font-weight: 600; text-align: center; text-decoration: none; }
  [part=button].plain { background: none; color: inherit; border-color: var(--edge); }
  [part=button].current { background: color-mix(in srgb, currentColor 8%, transparent); color: inherit; border-color: transparent; }
  [part=button]:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
`);

function make(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function language() {
  return document.documentElement.lang || undefined;
}

function money(cents, tier) {
  const isWhole = ZERO_DECIMAL.has(tier.currency);
  const amount = isWhole ? cents : cents / 100;
  const digits = isWhole || Number.isInteger(amount) ? 0 : 2;
  return new Intl.NumberFormat(language(), {
    style: "currency", currency: tier.currency.toUpperCase(),
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  }).format(amount);
}

function notesOf(tier) {
  const notes = [];
  if (tier.trialDays) notes.push(`First ${tier.trialDays} days free`);
  if (tier.interval === "year" && tier.priceCents) {
    notes.push(`${money(Math.round(tier.priceCents / 12), tier)} a month, billed yearly`);
  }
  return notes.join(" · ");
}

function linesOf(tier) {
  const limit = tier.limit === null ? "Unlimited" : new Intl.NumberFormat(language()).format(tier.limit);
  return [`${limit} calls / month`, ...tier.features];
}

function inkOn(color) {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const share = parseInt(color.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

class DreamPricingTable extends HTMLElement {
  static observedAttributes = ["publishable-key", "current-plan", "heading-level", "interval"];
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
    this.style.setProperty("--brand-ink", inkOn(brand));
    const interval = this.getAttribute("interval");
    const tiers = this.#document.tiers.filter((tier) => !tier.archived
      && (!interval || !tier.priceCents || tier.interval === interval));
    const hasFavourite = tiers.some((tier) => tier.popular);
    const cards = tiers.map((tier) => this.#card(tier, tier.popular || !hasFavourite));
    this.#root.replaceChildren(make("ul", { part: "grid" }, ...cards));
  }

  #card(tier, isInviting) {
    const level = Math.min(6, Math.max(2, Number(this.getAttribute("heading-level")) || 3));
    const head = make("div", { class: "head" }, make(`h${level}`, { part: "name", dir: "auto" }, tier.displayName));
    if (tier.popular) head.append(make("span", { part: "badge" }, "Most popular"));
    const price = make("p", { part: "price" }, make("b", {}, money(tier.priceCents, tier)), make("span", {}, ` / ${tier.interval}`));
    const features = linesOf(tier).map((line) => make("li", {}, make("span", { dir: "auto" }, line)));
    const card = make("li", { part: tier.popular ? "card popular" : "card" }, head, price);
    const note = notesOf(tier);
    if (note) card.append(make("p", { part: "note" }, note));
    card.append(make("ul", { part: "features" }, ...features), this.#button(tier, isInviting));
    return card;
  }

  #button(tier, isInviting) {
    const plan = this.getAttribute("current-plan");
    if (plan === tier.name) return make("span", { part: "button", class: "current" }, "Current plan");
    const key = encodeURIComponent(this.getAttribute("publishable-key"));
    const href = `${ORIGIN}/p/${key}/pricing?tier=${encodeURIComponent(tier.name)}`;
    const verb = plan ? "Switch to" : tier.priceCents ? "Choose" : "Start with";
    const button = make("a", { part: "button", href }, `${verb} ${tier.displayName}`);
    if (!isInviting) button.classList.add("plain");
    button.addEventListener("click", (click) => {
      const chosen = new CustomEvent("dream:select", { bubbles: true, cancelable: true, detail: { tier } });
      if (!this.dispatchEvent(chosen)) click.preventDefault();
    });
    return button;
  }
}

if (!customElements.get("dream-pricing-table")) customElements.define("dream-pricing-table", DreamPricingTable);
