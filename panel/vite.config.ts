/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// In development the panel is served by Vite and everything under /api comes from a running Centralita.
const backend = process.env.CENTRALITA_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: backend, changeOrigin: true, ws: true } },
  },
  build: {
    assetsInlineLimit: 0, // the content security policy allows files of our own origin, not data: URIs
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'jssip', test: /node_modules\/jssip/ },
            { name: 'wavesurfer', test: /node_modules\/wavesurfer/ },
            { name: 'mantine', test: /node_modules\/(@mantine|@floating-ui)/ },
            { name: 'react', test: /node_modules\/(react|react-dom|react-router|scheduler)\// },
          ],
        },
      },
    },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
