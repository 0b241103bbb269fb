// Every page works without any of this; each module makes one thing smoother.
import { start as startBrand } from "./brand.js";
import { start as startCharts } from "./charts.js";
import { start as startCopy } from "./copy.js";
import { start as startDialogs } from "./dialogs.js";
import { start as startEditing } from "./editing.js";
import { start as startForms } from "./forms.js";
import { start as startLive } from "./live.js";
import { start as startTheme } from "./theme.js";
import { start as startToast } from "./toast.js";
import { start as startWaiting } from "./waiting.js";

for (const start of [
  startTheme, startToast, startCopy, startDialogs, startEditing, startForms, startCharts, startLive,
  startBrand, startWaiting,
]) {
  start(document);
}
