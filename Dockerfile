# CPU:  docker build -t tengen-studio .
# GPU:  docker build -t tengen-studio:cuda --build-arg EXTRAS=cuda .   (run with --gpus all)

FROM python:3.12-slim-bookworm AS build
WORKDIR /source
RUN pip install --no-cache-dir "build>=1.2,<2"
COPY pyproject.toml README.md LICENSE ./
COPY extensions/lab extensions/lab
COPY notebooks notebooks
COPY studio studio
COPY engine engine
RUN python -m build --wheel --outdir /wheels

FROM python:3.12-slim-bookworm
ARG EXTRAS=""
# oneDNN's wheel wants the system's OpenMP library; Debian keeps its version within the release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 studio \
    && install -d -o studio -g studio /home/studio/work
COPY --from=build /wheels /wheels
# The wheel is the one just built; its own metadata holds the ranges of everything else.
# hadolint ignore=DL3013
RUN wheel="$(echo /wheels/*.whl)" \
    && pip install --no-cache-dir "${wheel}${EXTRAS:+[${EXTRAS}]}" \
    && rm -r /wheels
USER 1000
WORKDIR /home/studio/work
EXPOSE 8888
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8888/api', timeout=4)"]
CMD ["tengen-studio", "--no-browser", "--ServerApp.ip=0.0.0.0", "--ServerApp.port_retries=0"]
