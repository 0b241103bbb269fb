// Shows name and colour while they are typed. The contrast rule is the server's (brand.py): white
// text if it can be read, else near-black; text in the colour is shifted until it can be read.
const CONTRAST_MIN = 4.5;

const channels = (color) => [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));

function luminance(color) {
  const [red, green, blue] = channels(color).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function mix(color, toward, share) {
  const target = channels(toward);
  const mixed = channels(color).map((own, index) => Math.round(own * (1 - share) + target[index] * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

function reach(color, toward, ground) {
  for (let step = 0; step <= 20; step += 1) {
    const mixed = mix(color, toward, step / 20);
    if (contrast(mixed, ground) >= CONTRAST_MIN) return mixed;
  }
  return toward;
}

function start(root) {
  const preview = root.querySelector(".brand-preview");
  const color = root.querySelector("input[type=color]");
  const name = root.querySelector("input[name=appName]");
  if (!preview || !color) return;
  const paint = () => {
    if (!/^#[0-9a-f]{6}$/i.test(color.value)) return;
    const ink = ["#ffffff", "#111111"].find((one) => contrast(color.value, one) >= CONTRAST_MIN);
    preview.style.setProperty("--brand", color.value);
    preview.style.setProperty("--brand-ink", ink ?? "#000000");
    preview.style.setProperty("--brand-edge", "var(--brand)");
    const [light, dark] = [reach(color.value, "#000000", "#f4f4f6"), reach(color.value, "#ffffff", "#1c1e24")];
    preview.style.setProperty("--brand-text", `light-dark(${light}, ${dark})`);
  };
  color.addEventListener("input", paint);
  name?.addEventListener("input", () => {
    for (const shown of preview.querySelectorAll("[data-brand-name]")) shown.textContent = name.value || "Your app";
  });
  paint();
}

start(document);
