// Offline: has the browser keep this page and its files, once everything else is done.

const CACHE = "poche-home"; // worker.js takes it from there

export async function keepPage(): Promise<void> {
  if (!("serviceWorker" in navigator)) return; // or the page is not served securely
  const script = document.querySelector<HTMLScriptElement>("script[src]")?.src ?? "";
  const wanted = [location.origin + location.pathname, script, `${location.origin}/favicon.svg`];
  try {
    await navigator.serviceWorker.register("/worker.js");
    const cache = await caches.open(CACHE);
    await cache.addAll(wanted);
    const old = (await cache.keys()).filter(({ url }) => url.includes("/home/static/") && url !== script);
    await Promise.all(old.map((request) => cache.delete(request)));
  } catch {
    // the browser will not, or there is no network any more: another time
  }
}
