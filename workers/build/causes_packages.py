"""Which package of the distribution brings a program, a header or a library that something was missing. Data only.

Names are those that Debian 12 and 13 and Ubuntu share, or have as another name of the same.
"""

from __future__ import annotations

PACKAGES = {
    # Programs
    "pg_config": "libpq-dev",
    "mysql_config": "default-libmysqlclient-dev",
    "gcc": "build-essential",
    "cc": "build-essential",
    "g++": "build-essential",
    "make": "build-essential",
    "pkg-config": "pkg-config",
    # Headers
    "Python.h": "python3-dev",
    "cairo.h": "libcairo2-dev",
    "curl/curl.h": "libcurl4-openssl-dev",
    "ffi.h": "libffi-dev",
    "jpeglib.h": "libjpeg-dev",
    "lber.h": "libldap-dev",
    "ldap.h": "libldap-dev",
    "libpq-fe.h": "libpq-dev",
    "libxml/parser.h": "libxml2-dev",
    "libxml/xpath.h": "libxml2-dev",
    "magic.h": "libmagic-dev",
    "mysql.h": "default-libmysqlclient-dev",
    "openssl/ssl.h": "libssl-dev",
    "portaudio.h": "portaudio19-dev",
    "sasl/sasl.h": "libsasl2-dev",
    "sql.h": "unixodbc-dev",
    "sqlite3.h": "libsqlite3-dev",
    "yaml.h": "libyaml-dev",
    "zlib.h": "zlib1g-dev",
    # Libraries
    "libGL.so.1": "libgl1",
    "libSM.so.6": "libsm6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libcairo.so.2": "libcairo2",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0-0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libmagic.so.1": "libmagic1",
    "libmariadb.so.3": "libmariadb3",
    "libnss3.so": "libnss3",
    "libodbc.so.2": "unixodbc",
    "libpango-1.0-0": "libpango-1.0-0",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libportaudio.so.2": "libportaudio2",
    "libpq.so.5": "libpq5",
    "libsndfile.so.1": "libsndfile1",
    "libvips.so.42": "libvips42",
    "libxslt.so.1": "libxslt1.1",
    "libzbar.so.0": "libzbar0",
}
