import copy
import json
import os

from cas_server.auth import AuthUser

with open(os.path.join(os.environ['INTEROP_STATE'], 'users.json'), encoding='utf-8') as source:
    USERS = {user['name']: user for user in json.load(source)}


class JsonUsers(AuthUser):
    def test_password(self, password):
        user = USERS.get(self.username)
        return user is not None and user['password'] == password

    def attributs(self):
        # a copy, because the server rewrites lists in place
        return copy.deepcopy(USERS.get(self.username, {}).get('attributes', {}))
