from django.apps import AppConfig


class SelflearnConfig(AppConfig):
    name = "selflearn"
