from setuptools import find_packages, setup

setup(
    name="shop",
    version="1",
    packages=find_packages(),
    python_requires=">=3.11",
    install_requires=["flask>=3,<4", "waitress>=3"],
)
