"""The made logs, as fixtures."""

from tests.made_logs import installed_packages_are_listed_once as installed_packages_are_listed_once
from tests.made_logs import lab as lab
from tests.made_logs import made as made
from tests.made_logs import policy as policy
