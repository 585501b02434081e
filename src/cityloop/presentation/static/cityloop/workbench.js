// Starts the scripts of the pages. Every page works without them; each module adds one convenience.

import "./clock.js";
import "./draft.js";
import "./menus.js";
import "./photos.js";
import "./rows.js";
