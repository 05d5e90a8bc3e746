//! Who and what is who and what in the building, by the names that people use. From the registry alone.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Device, DeviceKey, HousekeeperId, Property, Unit, UnitId};
use crate::registry::Registry;

/// What somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Rents a unit.
    Tenant,
    /// Looks after the building.
    Housekeeper,
    /// Is told when nobody else acts.
    Manager,
}

impl Role {
    /// The word of the contract.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Housekeeper => "housekeeper",
            Self::Manager => "manager",
        }
    }
}

/// Somebody with a phone.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// What they are called.
    pub(super) name: String,
    /// What they are here.
    pub(super) role: Role,
    /// The door number of a tenant.
    pub(super) unit: Option<String>,
}

/// The building's names.
pub(super) struct People {
    /// The one property.
    pub(super) property: Property,
    /// Units by floor, the lowest first, in the order of the registry.
    pub(super) floors: BTreeMap<i32, Vec<Unit>>,
    units: HashMap<UnitId, String>,
    devices: HashMap<DeviceKey, Device>,
    phones: HashMap<String, Person>,
    tenants: HashMap<String, String>,
    housekeepers: HashMap<HousekeeperId, String>,
}

impl People {
    /// Reads them from a registry with at least one property.
    pub(super) fn new(registry: &Registry) -> Self {
        let property = registry.properties.first().expect("the simulator writes one property").property.clone();
        let mut floors: BTreeMap<i32, Vec<Unit>> = BTreeMap::new();
        for row in &registry.units {
            floors.entry(row.unit.floor.unwrap_or_default()).or_default().push(row.unit.clone());
        }
        let units: HashMap<_, _> = registry.units.iter().map(|u| (u.unit.id.clone(), u.unit.name.clone())).collect();
        Self {
            phones: phones(registry, &property, &units),
            tenants: registry.tenants.iter().map(|t| (t.id.0.clone(), t.name.clone())).collect(),
            housekeepers: registry
                .housekeepers
                .iter()
                .map(|h| (h.housekeeper.id.clone(), h.housekeeper.name.clone()))
                .collect(),
            devices: registry.devices.iter().map(|d| (d.key.clone(), d.clone())).collect(),
            property,
            floors,
            units,
        }
    }

    /// The door number, or what else the unit is called.
    pub(super) fn unit<'a>(&'a self, id: &'a UnitId) -> &'a str {
        self.units.get(id).map_or(id.as_str(), String::as_str)
    }

    /// The registered device.
    pub(super) fn device(&self, key: &DeviceKey) -> Option<&Device> {
        self.devices.get(key)
    }

    /// What people call the device.
    pub(super) fn device_name<'a>(&'a self, key: &'a DeviceKey) -> &'a str {
        self.devices.get(key).map_or(key.as_str(), |d| d.name.as_str())
    }

    /// Whose number it is.
    pub(super) fn person(&self, phone: &str) -> Person {
        let stranger = || Person { name: phone.to_owned(), role: Role::Tenant, unit: None };
        self.phones.get(phone).cloned().unwrap_or_else(stranger)
    }

    /// A tenant's name.
    pub(super) fn tenant<'a>(&'a self, id: &'a str) -> &'a str {
        self.tenants.get(id).map_or(id, String::as_str)
    }

    /// All tenants, by id.
    pub(super) fn tenant_ids(&self) -> impl Iterator<Item = &str> {
        self.tenants.keys().map(String::as_str)
    }

    /// A housekeeper's name.
    pub(super) fn housekeeper<'a>(&'a self, id: &'a str) -> &'a str {
        self.housekeepers.get(id).map_or(id, String::as_str)
    }
}

fn phones(registry: &Registry, property: &Property, units: &HashMap<UnitId, String>) -> HashMap<String, Person> {
    let tenants = registry.tenants.iter().map(|t| {
        let unit = units.get(&t.unit_id).cloned();
        (t.phone.as_str().to_owned(), Person { name: t.name.clone(), role: Role::Tenant, unit })
    });
    let staff = registry.housekeepers.iter().map(|row| {
        let h = &row.housekeeper;
        (h.phone.as_str().to_owned(), Person { name: h.name.clone(), role: Role::Housekeeper, unit: None })
    });
    let manager = Person { name: "the manager".to_owned(), role: Role::Manager, unit: None };
    tenants.chain(staff).chain([(property.manager_phone.as_str().to_owned(), manager)]).collect()
}
