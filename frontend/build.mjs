// Copies what the pages need out of node_modules into the static folder, and builds the icon sprite.
// Nothing is bundled or rewritten, except that references to source maps, which are not served, are dropped.

import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { icons } from "./icons.mjs";

const here = new URL("./", import.meta.url);
const packages = new URL("node_modules/", here);
const vendor = new URL("../src/cityloop/presentation/static/vendor/", here);

const scripts = [
  ["@tabler/core/dist/css/tabler.min.css", "tabler.min.css"],
  ["htmx.org/dist/htmx.min.js", "htmx.min.js"],
  ["maplibre-gl/dist/maplibre-gl.css", "maplibre-gl.css"],
  // The map looks for its worker beside itself under this very name.
  ["maplibre-gl/dist/maplibre-gl.mjs", "maplibre-gl.mjs"],
  ["maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre-gl-worker.mjs"],
];

const licences = [
  ["@tabler/icons/LICENSE", "tabler-icons.LICENSE.txt"],
  ["htmx.org/LICENSE", "htmx.LICENSE.txt"],
  ["maplibre-gl/LICENSE.txt", "maplibre-gl.LICENSE.txt"],
];

const sourceMap = /\n?\/[/*][#@] sourceMappingURL=[^\n*]*(\*\/)?/g;

async function copyWithoutSourceMap([from, to]) {
  const text = await readFile(new URL(from, packages), "utf8");
  await writeFile(new URL(to, vendor), text.replace(sourceMap, ""));
}

async function symbol(name) {
  const text = await readFile(new URL(`@tabler/icons/icons/outline/${name}.svg`, packages), "utf8");
  const drawing = text
    .slice(text.indexOf(">", text.indexOf("<svg")) + 1, text.lastIndexOf("</svg>"))
    .replace(/<path stroke="none"[^>]*>/, "")
    .trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${drawing}</symbol>`;
}

await rm(vendor, { recursive: true, force: true });
await mkdir(vendor, { recursive: true });
await Promise.all(scripts.map(copyWithoutSourceMap));
await Promise.all(licences.map(([from, to]) => cp(new URL(from, packages), new URL(to, vendor))));
const sprite = (await Promise.all(icons.map(symbol))).join("\n");
await writeFile(new URL("icons.svg", vendor), `<svg xmlns="http://www.w3.org/2000/svg">\n${sprite}\n</svg>\n`);
console.log(`front-end libraries in ${fileURLToPath(vendor)}`);
