from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from apps.accounts.sessions import remember  # Models are there only now.

        user_logged_in.connect(remember, dispatch_uid="slipway.sessions")
