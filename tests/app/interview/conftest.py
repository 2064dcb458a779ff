from tests.small import here, small_blueprint

__all__ = ["here", "small_blueprint"]
