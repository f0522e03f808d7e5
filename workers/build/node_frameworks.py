"""Node frameworks: which ones make a folder of static files and where, and which ones make a server and how it starts.

A table; what a framework's own settings say over it stands in `node_settings`.
"""

from __future__ import annotations

from dataclasses import dataclass

INDEX = "index.html"


@dataclass(frozen=True)
class Framework:
    """`package` tells it, `folder` is where its build puts static files ("" when it makes a server). `page` answers
    unknown paths of a single-page app. `first` stands before the build's line and `after` behind it. `not_start` begins
    a start script that does not serve what is built here. `adds` is a package that its build would install each time.
    `keeps` is a folder with the server and all that it needs. `why` is what the settings say, for people."""

    name: str
    package: str
    folder: str = ""
    build: str = ""
    start: str = ""
    page: str = ""
    first: str = ""
    after: str = ""
    not_start: str = ""
    adds: str = ""
    keeps: str = ""
    why: str = ""


OUTPUT = ".output"
NITRO = f"node {OUTPUT}/server/index.mjs"  # What Nuxt, TanStack Start and SolidStart share.
# The first that is among the dependencies counts: what is built upon Vite stands before Vite.
FRAMEWORKS = (
    Framework("Next.js", "next", build="next build", start="next start"),
    Framework("Nuxt", "nuxt", build="nuxt build", start=NITRO, keeps=OUTPUT),
    # It listens on localhost alone unless it is told otherwise.
    Framework(
        "Astro with Node", "@astrojs/node", build="astro build", start="HOST=0.0.0.0 node ./dist/server/entry.mjs"
    ),
    Framework("Astro", "astro", "dist", "astro build"),
    Framework("SvelteKit with Node", "@sveltejs/adapter-node", build="vite build", start="node build"),
    Framework("SvelteKit", "@sveltejs/adapter-static", "build", "vite build"),
    # The adapter that chooses another one by where it is built: this is how it is told to choose Node's.
    Framework(
        "SvelteKit with Node",
        "@sveltejs/adapter-auto",
        build="vite build",
        start="node build",
        first="export GCP_BUILDPACKS=1; ",
        adds="@sveltejs/adapter-node@5",  # As it names it itself.
    ),
    Framework("TanStack Start", "@tanstack/react-start", build="vite build", start=NITRO, keeps=OUTPUT),
    Framework("TanStack Start", "@tanstack/solid-start", build="vite build", start=NITRO, keeps=OUTPUT),
    Framework("SolidStart", "@solidjs/start", build="vinxi build", start=NITRO, keeps=OUTPUT),
    Framework(
        "React Router",
        "@react-router/dev",
        build="react-router build",
        start="react-router-serve ./build/server/index.js",
    ),
    Framework("Remix", "@remix-run/dev", build="remix vite:build", start="remix-serve ./build/server/index.js"),
    Framework("Gatsby", "gatsby", "public", "gatsby build"),
    Framework("Docusaurus", "@docusaurus/core", "build", "docusaurus build"),
    Framework("Eleventy", "@11ty/eleventy", "_site", "eleventy"),
    Framework("VitePress", "vitepress", ".vitepress/dist", "vitepress build"),
    Framework("Angular", "@angular/core", "dist", "ng build", page=INDEX),
    Framework("Create React App", "react-scripts", "build", "react-scripts build", page=INDEX),
    Framework("Vue CLI", "@vue/cli-service", "dist", "vue-cli-service build", page=INDEX),
    Framework("Vite", "vite", "dist", "vite build", page=INDEX),
    Framework("Parcel", "parcel", "dist", "parcel build", page=INDEX),
    Framework("Express", "express"),
    Framework("Fastify", "fastify"),
    Framework("Koa", "koa"),
    Framework("NestJS", "@nestjs/core"),
)
SERVERS = frozenset({"express", "fastify", "koa", "@hapi/hapi", "@nestjs/core", "hono", "@hono/node-server"})
