// What the last answer said of itself, and whether the next ones are to say it: outside of React,
// because the fetcher fills it and the panel shows it.

let state = { wanted: false, extensions: null };
const listeners = new Set();

function set(change) {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

export const get = () => state;

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const want = (wanted) => set({ wanted });

/** The same fetcher, asking to have answers explained where the switch is on. */
export function explaining(fetcher) {
  return async (asked, options) => {
    if (asked.operationName === "IntrospectionQuery") return fetcher(asked, options);
    const headers = state.wanted ? { "X-Poche-Explain": "sources" } : {};
    const answer = await fetcher(asked, { ...options, headers: { ...options?.headers, ...headers } });
    set({ extensions: answer?.extensions ?? null });
    return answer;
  };
}
