// Every page works without any of this; each module makes one thing smoother. These three are for
// all pages; the server adds a page's others (rendering.py knows what each of them looks for).
import "./forms.js";
import "./theme.js";
import "./toast.js";
