# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""make_sbom.py INFERD < "package version source" lines: an SPDX 2.3 document of what is in the image, on standard output.

The same packages give the same bytes: no time of day, no random name (SOURCE_DATE_EPOCH sets the time, 0 without it).
"""

import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys


def entry(name, version, purl, files_analyzed=False):
    return {
        "SPDXID": "SPDXRef-" + "".join(c if c.isalnum() or c in ".-" else "-" for c in name),
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": files_analyzed,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}],
    }


def main():
    inferd = pathlib.Path(sys.argv[1])
    version = subprocess.run([inferd, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    own = entry("inferd", version, f"pkg:generic/inferd@{version}")
    own["licenseDeclared"] = own["licenseConcluded"] = "Apache-2.0"
    own["checksums"] = [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(inferd.read_bytes()).hexdigest()}]
    packages = []
    for line in sys.stdin:
        name, package_version, source = line.split()
        packages.append(entry(name, package_version, f"pkg:deb/debian/{name}@{package_version}?upstream={source}"))
    names = hashlib.sha256(json.dumps([own, packages], sort_keys=True).encode()).hexdigest()
    created = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"inferd-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/inferd-{version}-{names[:32]}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: make_sbom.py"]},
        "packages": [own, *packages],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": own["SPDXID"]},
            *({"spdxElementId": own["SPDXID"], "relationshipType": "DYNAMIC_LINK", "relatedSpdxElement": package["SPDXID"]}
              for package in packages),
        ],
    }
    json.dump(document, sys.stdout, indent=1)
    print()


main()
