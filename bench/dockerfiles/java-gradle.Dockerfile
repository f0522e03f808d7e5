ARG GRADLE=gradle:8-jdk21
ARG JRE=eclipse-temurin:21-jre
FROM ${GRADLE} AS build
ENV GRADLE_USER_HOME=/root/.gradle
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.gradle gradle --no-daemon installDist

FROM ${JRE}
ENV PORT=8000
WORKDIR /app
COPY --from=build /app/build/install/hello/lib lib
USER 1000:1000
EXPOSE 8000
CMD ["java", "-XX:MaxRAMPercentage=75", "-cp", "lib/*", "com.example.Server"]
