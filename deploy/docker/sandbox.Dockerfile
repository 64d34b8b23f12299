# The image of the container sandboxes: a Python, the libraries that jobs import, our package; no shell is ever asked.
# Build it with build-image.sh, which lays out `libraries` and `tracewright` beside each other first. Nothing is
# fetched here, so it builds with `--network none`.

# The base has Python 3.11 or newer, `env`, and a digest: python@sha256:…, or what build-image.sh makes without a registry.
ARG BASE
FROM ${BASE}
COPY libraries /opt/venv
COPY tracewright /opt/tracewright/tracewright
USER 65532:65532
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT []
CMD ["python3", "-s", "-S", "-P", "-B", "-c", "import sys; sys.path += ['/opt/tracewright', '/opt/venv']; from tracewright.jobs._worker.main import main; main()"]
