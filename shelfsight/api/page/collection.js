// Which collection is asked: the server's default, or one that the address names.

let name = null;

export const useCollection = (chosen) => (name = chosen);

export const base = () => (name === null ? "/v1" : `/v1/collections/${encodeURIComponent(name)}`);
