from fastapi import FastAPI

application: FastAPI = FastAPI()


@application.get("/")
def home() -> dict[str, str]:
    return {"hello": "FastAPI"}
