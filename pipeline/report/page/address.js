// The view in the address: what is chosen stands behind #explore?, so that a link shows the same.

const addressHead = "#explore?";

function readAddress() {
  return location.hash.startsWith(addressHead) ? new URLSearchParams(location.hash.slice(addressHead.length)) : null;
}

function writeAddress(fields) {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(fields)) if (value) params.set(key, value);
  try {
    history.replaceState(null, "", addressHead + params);
  } catch {
    // A browser that forbids it to files goes on without.
  }
}

const groupKey = (group) => [group.comparison, group.metric, group.variant, group.params].join("|");
const layerKey = (data, id) => `${data.layers[id].model}/${data.layers[id].layer}`;
const layerWithKey = (data, key) => data.layers.findIndex((_, id) => layerKey(data, id) === key);
