/** Every path of the client, read by the router, by links and, through dist/routes.json, by the server. */
export const PATHS = {
  market: "/",
  login: "/login",
} as const;
