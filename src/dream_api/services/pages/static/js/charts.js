// Tooltips for charts: by pointer, and by arrow keys once the chart has the focus.
function start(root) {
  const charts = root.querySelectorAll(".chart");
  if (!charts.length) return;
  const tip = document.createElement("div");
  tip.className = "chart-tip";
  tip.popover = "manual";
  tip.setAttribute("role", "status");
  const label = document.createElement("span");
  const value = document.createElement("b");
  tip.append(label, value);
  document.body.append(tip);

  const hide = () => tip.matches(":popover-open") && tip.hidePopover();
  const show = (point) => {
    [label.textContent, value.textContent] = point.dataset.tip.split("|");
    const box = point.getBoundingClientRect();
    const mark = point.firstElementChild.getBoundingClientRect();
    if (!tip.matches(":popover-open")) tip.showPopover();
    const left = Math.min(box.left + box.width / 2 + 12, innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${Math.max(8, mark.top - tip.offsetHeight - 6)}px`;
  };

  for (const chart of charts) {
    const points = [...chart.querySelectorAll(".point")];
    let current = -1;
    chart.tabIndex = 0;
    chart.addEventListener("pointermove", (event) => {
      const point = event.target.closest(".point");
      if (point) show(point);
    });
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") hide();
      if (!step || !points.length) return;
      event.preventDefault();
      current = Math.min(points.length - 1, Math.max(0, current + step));
      show(points[current]);
    });
  }
}

start(document);
