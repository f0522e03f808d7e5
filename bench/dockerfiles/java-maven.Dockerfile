ARG JAVA=maven:3.9-eclipse-temurin-21
ARG JRE=eclipse-temurin:21-jre
FROM ${JAVA} AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.m2/repository mvn -B -ntp -DskipTests package dependency:copy-dependencies -DincludeScope=runtime

FROM ${JRE}
WORKDIR /app
COPY --from=build /app/target/dependency dependency
COPY --from=build /app/target/classes classes
USER 1000:1000
EXPOSE 8000
CMD ["java", "-XX:MaxRAMPercentage=75", "-cp", "classes:dependency/*", "com.example.Server"]
