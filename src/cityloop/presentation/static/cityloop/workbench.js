// Starts what the pages have of script. Every page works without it; each module adds one comfort.

import "./clock.js";
import "./draft.js";
import "./menus.js";
import "./photos.js";
import "./rows.js";
