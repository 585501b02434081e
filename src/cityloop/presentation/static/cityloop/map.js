// <city-map>: areas and places on a map of the city itself. How it is used: docs/reference/map-element.md.
// What it shows must be on the page as a table too: without script or WebGL its content stays as it was sent.

import { showCard } from "./map-card.js";
import { legend } from "./map-legend.js";
import { images } from "./map-marks.js";
import { letPick } from "./map-pick.js";
import { around, holds, idOf, labelled, load, padded, within } from "./map-places.js";
import { baseLayers, chosenLayers, dataLayers, fontsAt, ground, paletteAt } from "./map-style.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const NUMBER = "city-map:number";
const CHINA = [73, 18, 135, 54]; // where a city without areas might be
const said = JSON.parse(document.getElementById("city-map-words").textContent);

class CityMap extends HTMLElement {
  async connectedCallback() {
    this.words = said.words;
    this.base = this.getAttribute("base") === "none" ? [] : said.base;
    this.layers = this.#layers();
    this.shown = [
      ...this.base.map((one) => ({ ...one, id: `base-${one.level}`, most: 20_000, label: "name", isGround: true })),
      ...this.layers.map((layer, number) => ({ ...layer, id: `data-${number}` })),
    ].map((one) => ({ ...one, features: [], told: "" }));
    if (!canDraw()) return this.#tellCannot();
    const maplibre = await import("../vendor/maplibre-gl.mjs");
    if (this.isConnected && !this.map) this.#begin(maplibre);
  }

  disconnectedCallback() {
    this.ending?.abort();
    this.map?.remove();
    this.map = undefined;
    for (const part of this.querySelectorAll(":scope > .cl-map-part")) part.remove();
    this.isFilled = false;
    this.fresh = undefined;
    for (const name of ["drawn", "loaded"]) this.removeAttribute(name);
  }

  /** Choose a feature by its id: raise it, show its card and, if asked, move there. */
  choose(id, moves = true) {
    for (const one of this.shown.filter(({ isGround }) => !isGround)) {
      const feature = one.features.find((candidate) => idOf(candidate) === String(id));
      if (feature) return this.#show(feature, one, moves);
    }
  }

  #layers() {
    const child = this.querySelector(':scope > script[type="application/json"]');
    const described = child ? JSON.parse(child.textContent).layers : [];
    const plain = (this.getAttribute("src") ?? "").split(/\s+/).filter(Boolean).map((src) => ({ src }));
    return [...described, ...plain];
  }

  #tellCannot() {
    this.prepend(made("p", { className: "cl-map-part cl-quiet", textContent: this.words.cannot }));
    this.#addFoot([]);
  }

  #begin(maplibre) {
    this.ending = new AbortController();
    this.frame = this.appendChild(made("div", { className: "cl-map-part cl-map-frame" }));
    const container = this.frame.appendChild(made("div", { className: "cl-map-canvas" }));
    this.status = this.frame.appendChild(made("p", { className: "cl-map-status", hidden: true }));
    this.status.setAttribute("role", "status");
    this.frame.append(made("span", { className: "cl-map-cross", ariaHidden: "true" }));
    this.setAttribute("drawn", "");
    this.palette = paletteAt(this);
    this.map = new maplibre.Map({ container, ...this.#options(), ...this.#where() });
    this.map.getCanvas().setAttribute("aria-label", this.getAttribute("label") ?? this.words.map);
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new maplibre.ScaleControl({ maxWidth: 90 }), "bottom-right");
    this.#addFoot(this.layers);
    if (this.hasAttribute("pick")) letPick(this, maplibre);
    this.map.once("load", () => this.#fill());
    this.#listen();
  }

  #options() {
    const tiles = said.tiles && { tiles: { type: "raster", tiles: [said.tiles], tileSize: 256, attribution: said.attribution } };
    return {
      style: { version: 8, sources: { ...tiles }, layers: ground(this.palette, said.tiles) },
      attributionControl: said.tiles ? { compact: false } : false,
      localIdeographFontFamily: getComputedStyle(this).fontFamily,
      cooperativeGestures: this.getAttribute("size") !== "large",
      dragRotate: false, pitchWithRotate: false, touchPitch: false, maxPitch: 0, maxZoom: 20,
      fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
      locale: said.controls,
    };
  }

  #where() {
    const lon = this.getAttribute("lon"), lat = this.getAttribute("lat");
    if (lon && lat) return { center: [Number(lon), Number(lat)], zoom: Number(this.getAttribute("zoom") ?? 15) };
    return { bounds: said.bounds ?? CHINA, fitBoundsOptions: { padding: 24 } };
  }

  #listen() {
    const { signal } = this.ending;
    this.map.on("click", (event) => this.#chooseAt(event.point));
    this.map.on("moveend", () => this.#loadInView());
    this.map.on("mousemove", ({ point }) => { this.map.getCanvas().style.cursor = this.#at(point) ? "pointer" : ""; });
    this.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#chooseAt(this.map.project(this.map.getCenter()));
    }, { signal });
    document.addEventListener("click", (event) => {
      const asked = event.target.closest?.("[data-map-feature]");
      if (asked && !this.contains(asked)) this.choose(asked.dataset.mapFeature);
    }, { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#recolour(), { signal });
    const watcher = new MutationObserver(() => this.#recolour());
    watcher.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
    signal.addEventListener("abort", () => watcher.disconnect());
  }

  async #fill() {
    const fonts = fontsAt(this);
    this.fresh = () => [
      ...ground(this.palette, said.tiles),
      ...this.base.flatMap(({ level }, number) => baseLayers(this.palette, fonts, level, number === 0 && !said.tiles)),
      ...this.layers.flatMap((layer, number) => dataLayers(this.palette, fonts, `data-${number}`, layer)),
      ...chosenLayers(this.palette),
    ];
    for (const { id, cluster } of this.shown) this.#addSource(id, cluster);
    this.map.addSource("chosen", { type: "geojson", data: EMPTY });
    this.#addImages();
    for (const layer of this.fresh()) if (!this.map.getLayer(layer.id)) this.map.addLayer(layer);
    await Promise.all(this.shown.map((one) => this.#load(one)));
    this.isFilled = true;
    if (this.hasAttribute("fit")) this.#fit();
    await this.map?.once("idle");
    this.setAttribute("loaded", "");
    this.dispatchEvent(new CustomEvent("city-map:loaded"));
  }

  #addSource(id, cluster = false) {
    this.map.addSource(id, { type: "geojson", data: EMPTY, cluster, clusterRadius: 40, clusterMaxZoom: 14 });
    this.map.addSource(`${id}-points`, { type: "geojson", data: EMPTY });
  }

  #addImages() {
    const ratio = Math.ceil(devicePixelRatio || 1);
    for (const [name, image] of images(this.palette, ratio)) {
      if (this.map.hasImage(name)) this.map.updateImage(name, image);
      else this.map.addImage(name, image, { pixelRatio: ratio });
    }
  }

  async #load(one) {
    const view = this.map.getBounds().toArray().flat();
    const isNear = !one.within || this.map.getZoom() >= one.within;
    if (!isNear) return this.#tell(one, one.isGround ? "" : this.words.closer);
    if (one.within && one.around && holds(one.around, view)) return this.#tell(one, one.told);
    const box = one.within && padded(view);
    try {
      const { features, isWhole } = one.data ? { features: one.data.features, isWhole: true } : await this.#asked(one, box);
      Object.assign(one, { features, around: box });
      this.#put(one);
      this.#tell(one, isWhole ? "" : this.words.part.replace("%s", features.length));
    } catch (wrong) {
      if (wrong.name === "AbortError") return;
      console.error(wrong);
      this.#tell(one, this.words.failed);
    }
  }

  // A view that has moved on does not need the response to its last request.
  #asked(one, box) {
    one.asking?.abort();
    one.asking = new AbortController();
    const signal = AbortSignal.any([one.asking.signal, this.ending.signal]);
    return load(box ? within(one.src, box) : one.src, one.most, signal);
  }

  #put({ id, features, label }) {
    if (!this.map) return;
    // Features from the renderer are cut at the edges of its tiles, and its ids can only be numbers.
    const numbered = features.map((feature, number) => ({ ...feature, properties: { ...feature.properties, [NUMBER]: number } }));
    this.map.getSource(id).setData({ type: "FeatureCollection", features: numbered });
    if (label) this.map.getSource(`${id}-points`).setData(labelled(features));
  }

  #loadInView() {
    if (this.isFilled) for (const one of this.shown) if (one.within) this.#load(one);
  }

  #fit() {
    const box = around(this.shown.flatMap((one) => (one.isGround ? [] : one.features)));
    if (box && this.map) this.map.fitBounds(box, { padding: 32, maxZoom: 16, animate: false });
  }

  #at(point) {
    if (!this.fresh) return undefined;
    const [x, y, reach] = [point.x, point.y, 4];
    const layers = this.fresh().map(({ id }) => id).filter((id) => /^data-\d+-(fill|line|mark|heap)$/.test(id));
    return this.map.queryRenderedFeatures([[x - reach, y - reach], [x + reach, y + reach]], { layers })[0];
  }

  async #chooseAt(point) {
    const hit = this.#at(point);
    if (hit?.properties.point_count) return this.#open(hit);
    if (!hit) return showCard(this, null);
    const one = this.shown.find(({ id }) => id === hit.source);
    this.#show(one.features[hit.properties[NUMBER]], one, false);
  }

  async #open(heap) {
    const zoom = await this.map.getSource(heap.source).getClusterExpansionZoom(heap.properties.cluster_id);
    this.map.easeTo({ center: heap.geometry.coordinates, zoom });
  }

  #show(feature, layer, moves) {
    this.map?.getSource("chosen")?.setData({ type: "FeatureCollection", features: [{ ...feature, properties: {} }] });
    showCard(this, feature, layer);
    const box = moves && around([feature]);
    if (box) this.map?.fitBounds(box, { padding: 80, maxZoom: 17 });
    if (moves) this.scrollIntoView({ block: "nearest" });
    this.dispatchEvent(new CustomEvent("city-map:choose", { detail: { id: idOf(feature), properties: feature.properties } }));
  }

  unchoose() {
    this.map?.getSource("chosen")?.setData(EMPTY);
  }

  #recolour() {
    if (!this.map || !this.fresh) return;
    this.palette = paletteAt(this);
    this.#addImages();
    for (const { id, paint } of this.fresh()) {
      for (const [name, value] of Object.entries(paint ?? {})) this.map.setPaintProperty(id, name, value);
    }
    this.querySelector(":scope > .cl-map-foot")?.remove();
    this.#addFoot(this.layers);
  }

  #addFoot(layers) {
    const foot = made("div", { className: "cl-map-part cl-map-foot" });
    if (layers.length) foot.append(legend(this.palette, layers));
    const twin = this.getAttribute("twin");
    if (twin) foot.append(made("a", { href: `#${twin}`, textContent: this.words.twin }));
    this.append(foot);
  }

  #tell(one, words) {
    one.told = words;
    const all = [...new Set(this.shown.map(({ told }) => told).filter(Boolean))];
    this.status.textContent = all.join(" ");
    this.status.hidden = !all.length;
  }
}

function made(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function canDraw() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}

customElements.define("city-map", CityMap);
