ARG JAVA=maven:3.9-eclipse-temurin-21
ARG JRE=eclipse-temurin:21-jre
FROM ${JAVA} AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.m2/repository mvn -B -ntp -DskipTests package

FROM ${JRE}
ENV SERVER_PORT=8000
WORKDIR /app
COPY --from=build /app/target/shop-1.0.jar app.jar
USER 1000:1000
EXPOSE 8000
CMD ["java", "-XX:MaxRAMPercentage=75", "-jar", "app.jar"]
