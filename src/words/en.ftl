# Texts in English. Complete and plain: what happens, by whom, when. No ticket number. One named person signs.
battery-tenant = Hi { $tenant }, the battery of { $device } ({ $unit }) is running low. Please put in { $cells } within 48 hours: we see it by ourselves and credit you { $reward }. Can't manage? Just reply. – { $sender }
battery-reminder = Hi { $tenant }, { $device } ({ $unit }) still runs on its old battery and may stop within days. Please put in { $cells } today, or reply and we come by. – { $sender }
battery-ask = Hi { $tenant }, { $device } ({ $unit }) shows more battery than before. Did you put in new ones? Reply 1 if you did. – { $sender }
battery-thanks = Thank you, { $tenant }! The new battery of { $device } is in and { $reward } are credited to you. – { $sender }
battery-thanks-plain = Thank you, { $tenant }! The new battery of { $device } is in. – { $sender }
leak-tenant = Water at { $device } in { $unit }! We are sending someone now. If it is safe, turn off the tap and keep away from sockets. Do you need a place to stay tonight? Reply 1 for yes. – { $sender }
leak-second = Leak in { $property }, { $unit } ({ $device }) and nobody has taken it yet. Can you go now? Tenant: { $tenant } { $phone }
leak-manager = Leak in { $property }, { $unit } ({ $device }) since { $since }: no housekeeper has accepted yet. Please decide. Tenant: { $tenant } { $phone }
bed-manager = The tenant of { $property }, { $unit } needs a place to stay tonight because of the leak. Tenant: { $tenant } { $phone }
tamper-housekeeper = { $device } in { $property }, { $unit } reports that its case was opened. Please have a look.
offer-leak = Leak! { $property }, { $unit } ({ $device }). Please go now. Tenant: { $tenant } { $phone }
offer-battery = Battery visit: { $property }, { $unit }, { $device }. Bring { $cells }. Tenant: { $tenant } { $phone }
offer-silent = { $property }, { $unit }: { $device } has not reported since { $since }. Please check power, battery and signal.
offer-broker = { $property }: the message broker ({ $device }) cannot be reached since { $since }, so no device here is heard, not even a leak. Please check power and network of the hub.
offer-request = Request from { $property }, { $unit }. Tenant: { $tenant } { $phone }
cells-default = fresh batteries
somebody = tenant
