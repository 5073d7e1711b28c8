# The server form of the gateway in a container: `docker build -t dlc-task-gateway .`
#   docker run --read-only --cap-drop ALL -p 9000:9000 -e DLC_REGION=… -e API_KEYS=… dlc-task-gateway
# Secrets come by the environment or mounted files when it runs, never when it is built.

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /gateway
# The server, its package.json, the licences, and what is in config/: no sources, no node_modules.
COPY --from=build /build/dist/web ./
# A user without a name in the image's own list, so that `runAsNonRoot` can be checked by number. Nothing here is its own.
USER 10001:10001
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT||9000}/healthz`).then(a=>process.exit(a.ok?0:1),()=>process.exit(1))"]
# Node itself is the first process: a SIGTERM reaches it, and it drains.
CMD ["node", "server.js"]
