// Gets the features of a layer, page after page or by what is in view, and knows where they are. Nothing is drawn.

const MOST = 5000;

/** Return {features, isWhole} of a GeoJSON address, following its `next` links up to `most` features. */
export async function load(address, most = MOST, signal = undefined) {
  const features = [];
  for (let next = address; next; ) {
    const answer = await fetch(next, { headers: { Accept: "application/geo+json, application/json" }, signal });
    if (!answer.ok) throw new Error(`${answer.status} ${next}`);
    const page = await answer.json();
    features.push(...(page.features ?? []));
    next = ours(page.links?.find((link) => link.rel === "next")?.href, address);
    if (next && features.length >= most) return { features: features.slice(0, most), isWhole: false };
  }
  return { features, isWhole: true };
}

// Behind a proxy the server may not know by which scheme it is reached; the page does.
function ours(next, address) {
  if (!next || !address.startsWith("/")) return next;
  const { pathname, search } = new URL(next, location.href);
  return pathname + search;
}

/** Return bounds half as wide again on every side, so that a small move needs no new answer. */
export function padded([west, south, east, north]) {
  const [x, y] = [(east - west) / 2, (north - south) / 2];
  return [Math.max(west - x, -180), Math.max(south - y, -90), Math.min(east + x, 180), Math.min(north + y, 90)];
}

export const holds = (outer, inner) => outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];

/** Return an address that requests only what lies between bounds [west, south, east, north]. */
export function within(address, bounds) {
  const asked = new URL(address, location.href);
  asked.searchParams.set("bbox", bounds.map((degrees) => degrees.toFixed(5)).join(","));
  return asked.pathname + asked.search;
}

/** Return a feature's own name in the page: its id, else its property `id`. */
export const idOf = (feature) => String(feature.id ?? feature.properties?.id ?? "");

/** Return [west, south, east, north] around features; null where none has a place. */
export function around(features) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const feature of features) for (const [lon, lat] of pairs(feature.geometry)) {
    box[0] = Math.min(box[0], lon);
    box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lon);
    box[3] = Math.max(box[3], lat);
  }
  return box[0] <= box[2] ? box : null;
}

/** Return one point for each feature to write its words at: a map cut into tiles would write them in every tile. */
export function labelled(features) {
  return {
    type: "FeatureCollection",
    features: features.filter((feature) => feature.geometry).map((feature) => ({
      ...feature,
      geometry: { type: "Point", coordinates: middle(feature.geometry) },
    })),
  };
}

function* pairs(geometry) {
  if (!geometry) return;
  if (geometry.type === "GeometryCollection") {
    for (const part of geometry.geometries) yield* pairs(part);
  } else {
    yield* flat(geometry.coordinates);
  }
}

function* flat(coordinates) {
  if (typeof coordinates[0] === "number") yield coordinates;
  else for (const part of coordinates) yield* flat(part);
}

function middle(geometry) {
  if (geometry.type === "Polygon") return centre(geometry.coordinates[0]).at;
  if (geometry.type === "MultiPolygon") {
    const parts = geometry.coordinates.map((rings) => centre(rings[0]));
    return parts.reduce((largest, part) => (part.size > largest.size ? part : largest)).at;
  }
  const all = [...pairs(geometry)];
  return all[Math.floor(all.length / 2)];
}

// The centre of gravity of a ring. It is calculated from the first corner, because degrees have too many digits.
function centre(ring) {
  const [lon, lat] = ring[0];
  let twice = 0, x = 0, y = 0;
  for (let i = 1; i < ring.length; i++) {
    const [ax, ay, bx, by] = [ring[i - 1][0] - lon, ring[i - 1][1] - lat, ring[i][0] - lon, ring[i][1] - lat];
    const cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return { size: Math.abs(twice), at: twice ? [lon + x / (3 * twice), lat + y / (3 * twice)] : [lon, lat] };
}
