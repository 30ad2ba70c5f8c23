"""The pages in a browser: Debian's chromium, driven through Playwright."""
