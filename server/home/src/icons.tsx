// Icons: one path each, on a square of 24; they say nothing that words do not say beside them.

const PATHS: Record<string, string> = {
  Stop: "M7 3h10a2 2 0 0 1 2 2v10a3 3 0 0 1-3 3l2 3M8 21l2-3m-2 0a3 3 0 0 1-3-3V5a2 2 0 0 1 2-2M5 11h14M9 3v8m6-8v8M8.5 15h0m7 0h0M8 18h8",
  Route: "M6 19a2 2 0 1 0 0-.1M18 5a2 2 0 1 0 0-.1M8 19h6a4 4 0 0 0 0-8h-4a4 4 0 0 1 0-6h6",
  Pool: "M3 17c2 0 2 1.5 4.5 1.5S10 17 12 17s2 1.5 4.5 1.5S19 17 21 17M3 12.5c2 0 2 1.5 4.5 1.5S10 12.5 12 12.5s2 1.5 4.5 1.5S19 12.5 21 12.5M8 10V5a2 2 0 0 1 4 0M15 10V5a2 2 0 0 1 4 0M8 8h7",
  School: "M7 3v7a2.5 2.5 0 0 0 5 0V3M9.5 3v18M17 3c-2 2-2 8 0 9v9",
  VehicleRentalStation: "M6 17m-3.5 0a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0M18 17m-3.5 0a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0M6 17l3.5-8h6L18 17M9 11.5l3.5 5.5 3-8M8 8.5h3M15.5 9l-.8-3H17",
  VehicleParking: "M4 4h16v16H4zM9.5 17V7.5h3.5a3 3 0 0 1 0 6H9.5",
  events: "M4 6h16v14H4zM4 10.5h16M8 3.5V7m8-3.5V7M8 14h3v2.5H8z",
  air: "M3 9h10a3 3 0 1 0-3-3M3 13h14a3 3 0 1 1-3 3M3 17h6",
  waste: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5.5m3-5.5v5.5",
  place: "M12 21s7-6.5 7-11.5a7 7 0 0 0-14 0C5 14.5 12 21 12 21zM12 9.5m-2.5 0a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0",
  warning: "M12 4l9 16H3zM12 10v4.5m0 2.700v0",
  wheelchair: "M10 3.5h0M10 7v7h5.5l2.5 5.5M10 10h4.5M7.5 11.5a5.2 5.2 0 1 0 7 6.5",
  plus: "M12 5v14M5 12h14",
  arrange: "M4 7h16M4 12h16M4 17h16",
  share: "M12 15V4M8 7.5L12 3.5l4 4M6 11H5v9h14v-9h-1",
  handle: "M9 6h0m6 0h0M9 12h0m6 0h0M9 18h0m6 0h0",
  cross: "M6 6l12 12M18 6L6 18",
};

export function Icon({ name, className = "" }: { name: string; className?: string }) {
  return (
    <svg class={`icon ${className}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name] ?? PATHS["place"]} />
    </svg>
  );
}
