// Worker: the page without a network. It gives again the page, its script and its style as they
// were seen last; what the tiles show the page keeps itself (kept.ts). It asks nothing of its own.

const CACHE = "poche-home";
const PATIENCE_MS = 4_000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const { pathname } = new URL(request.url);
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith("/home/static/") || pathname === "/favicon.svg") {
    event.respondWith(file(request));
  }
});

/** As it is now, if the network says so in time; else as it was. */
async function page(request) {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    const before = await caches.match(request, { cacheName: CACHE, ignoreSearch: true });
    if (before) return before;
    throw error;
  }
}

/** Its name changes when it does, so what is there is right. */
const file = async (request) => (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
