/** Every path of the client, read by the router, by links and, through dist/routes.json, by the server. */
export const PATHS = {
  market: "/",
  signal: "/signals/:id",
  trackRecord: "/track-record",
  rules: "/rules",
  login: "/login",
} as const;

export const signalPath = (id: string): string => PATHS.signal.replace(":id", encodeURIComponent(id));
