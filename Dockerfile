# One image for `yakkan migrate`, `api` and `worker`: no tools and no tests in it, run by a user without rights.
FROM python:3.13-slim AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1
WORKDIR /src
COPY requirements.lock requirements-run.lock ./
RUN sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.txt \
 && pip install --no-cache-dir --require-hashes -r uv.txt \
 && python -m venv --without-pip /opt/tools \
 && uv pip sync --python /opt/tools/bin/python --require-hashes requirements.lock \
 && python -m venv --without-pip /opt/yakkan \
 && uv pip sync --python /opt/yakkan/bin/python --require-hashes requirements-run.lock
COPY . .
RUN /opt/tools/bin/hatchling build --target wheel --directory /tmp/wheel \
 && uv pip install --python /opt/yakkan/bin/python --no-deps /tmp/wheel/*.whl

FROM python:3.13-slim
RUN useradd --system --create-home --home-dir /var/lib/yakkan yakkan
COPY --from=build /opt/yakkan /opt/yakkan
ENV PATH=/opt/yakkan/bin:$PATH PYTHONUNBUFFERED=1 YAKKAN_DATA_DIR=/var/lib/yakkan/data
USER yakkan
WORKDIR /var/lib/yakkan
EXPOSE 8000
CMD ["yakkan", "--help"]
