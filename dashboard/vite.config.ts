import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compress, routes } from "./build/plugins.ts";

// `npm run dev` shows the page with hot reload against a running `cryptointel dev`.
const SERVER = process.env.CRYPTOINTEL_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss(), routes(), compress()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // everything is a file: the content policy allows no inline parts
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": SERVER, "/health": SERVER } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
