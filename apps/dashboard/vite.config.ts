import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// What the gateway serves: dist/, with every file but index.html named by its content. While the page is worked on,
// `npx vite` serves it and hands what it asks for to a platform on this machine.
const platform = process.env["TUTTI_URL"] ?? "http://127.0.0.1:7400";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
    modulePreload: { polyfill: false },
  },
  server: { port: 7401, proxy: { "/v1": { target: platform, changeOrigin: true, ws: true } } },
});
