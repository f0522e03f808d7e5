from django.apps import AppConfig


class GitHubConfig(AppConfig):
    name = "apps.github"
