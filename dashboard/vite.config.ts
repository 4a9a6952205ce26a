import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { ship } from "./build/ship";

// Where the control plane of `npm run dev` listens.
const controlPlane = process.env.PHOENIX_API_URL ?? "http://localhost:8080";

export default defineConfig({
  plugins: [tanstackRouter({ target: "react", autoCodeSplitting: true, generatedRouteTree: "src/app/routeTree.gen.ts" }), react(), ship()],
  resolve: { tsconfigPaths: true },
  build: {
    outDir: process.env.PHOENIX_DASHBOARD_OUT ?? "dist",
    emptyOutDir: true,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      // What several pages share comes in few files, not in one for each component: each request takes longer than what it brings.
      output: {
        codeSplitting: {
          groups: [
            { name: "ui", test: /node_modules/, minShareCount: 16 },
            { name: "common", test: /src\/(shared|api)\//, minShareCount: 8 },
          ],
        },
      },
    },
  },
  server: {
    // The cookie of a session counts for requests of its own origin alone, which the control plane reads from Host.
    proxy: { "/api": { target: controlPlane }, "/live": { target: controlPlane, ws: true } },
  },
  test: {
    environment: "happy-dom",
    // Nothing serves the style sheets that a document of a test names.
    environmentOptions: { happyDOM: { settings: { disableCSSFileLoading: true, handleDisabledFileLoadingAsSuccess: true } } },
    include: ["{src,build}/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
  },
});
