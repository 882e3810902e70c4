import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { PATHS } from "../src/paths.ts";

/** Tell the server which paths the client's router knows: it answers 404 to all others. */
export function routes(): Plugin {
  return {
    name: "routes",
    apply: "build",
    generateBundle() {
      const source = JSON.stringify(Object.values(PATHS));
      this.emitFile({ type: "asset", fileName: "routes.json", source });
    },
  };
}

/** Compress once at build time, so that the server never does. */
export function compress(): Plugin {
  let folder = "dist";
  return {
    name: "compress",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle() {
      const index = join(folder, "index.html");
      const assets = readdirSync(join(folder, "assets")).map((name) => join(folder, "assets", name));
      for (const file of [...assets, index]) {
        if (!/\.(js|css|svg|html)$/.test(file)) continue;
        const body = readFileSync(file);
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(`${file}.br`, brotliCompressSync(body, { params }));
        writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
      }
      // The server takes a newer index.html for a complete new build, so it is touched last.
      const now = new Date();
      utimesSync(index, now, now);
    },
  };
}
