# Adds the entries of an LDIF file to a Samba domain's database in one
# transaction: loadldif.py SMB_CONF SAM_LDB LDIF
import sys

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

conf, database, ldif = sys.argv[1:]
lp = LoadParm()
lp.load(conf)
# In batch mode the index is written once, at the end.
sam = SamDB(url=database, session_info=system_session(), lp=lp, options=["batch_mode:1"])
sam.transaction_start()
try:
    sam.add_ldif(open(ldif, encoding="utf-8").read())
except BaseException:
    sam.transaction_cancel()
    raise
sam.transaction_commit()
