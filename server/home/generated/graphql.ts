/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** What an address leads to. */
export type AddressKind =
  /** One entrance. */
  | 'HOUSE_NUMBER'
  /** A hamlet or a named place. */
  | 'LOCALITY'
  /** A commune, its centre. */
  | 'MUNICIPALITY'
  /** A street, somewhere on it. */
  | 'STREET';

/** The levels of the French ATMO index, of the air or of one pollutant. */
export type AirQualityIndex =
  /** Dégradé. */
  | 'DEGRADED'
  /** Évènement: a fire, an accident. */
  | 'EVENT'
  /** Extrêmement mauvais. */
  | 'EXTREMELY_POOR'
  /** Bon. */
  | 'GOOD'
  /** Moyen. */
  | 'MODERATE'
  /** Mauvais. */
  | 'POOR'
  /** Très mauvais. */
  | 'VERY_POOR';

/** How bad it is (GTFS-Realtime). */
export type AlertSeverityLevel =
  /** Good to know. */
  | 'INFO'
  /** Change your plans. */
  | 'SEVERE'
  /** Nobody says. */
  | 'UNKNOWN_SEVERITY'
  /** Allow for it. */
  | 'WARNING';

/** Whether an alert holds at this moment. */
export type AlertStatus =
  /** It holds now. */
  | 'ACTIVE'
  /** It is over. */
  | 'PAST'
  /** It will hold, or hold again. */
  | 'UPCOMING';

/** How sure it is that this is so at the address. */
export type Certainty =
  /** The source says so of this address. */
  | 'CERTAIN'
  /** It is so in a part of the street or around there, and it cannot be told whether of this address: see `appliesTo`. */
  | 'POSSIBLE';

/** Whether something takes place as announced. */
export type EventStatus =
  /** It does not. */
  | 'CANCELED'
  /** It does, and no place is left. */
  | 'FULL'
  /** It does, but only online. */
  | 'MOVED_ONLINE'
  /** It does not at this time; another is to be announced. */
  | 'POSTPONED'
  /** It does, at another time than first announced. */
  | 'RESCHEDULED'
  /** It does, as far as anyone says. */
  | 'SCHEDULED';

/** What one rides (OpenTripPlanner's words). */
export type Mode =
  /** Bus, high-service lines included. */
  | 'BUS'
  /** Street-level cable car. */
  | 'CABLE_CAR'
  /** Long-distance coach. */
  | 'COACH'
  /** Boat. */
  | 'FERRY'
  /** Funicular. */
  | 'FUNICULAR'
  /** Aerial lift. */
  | 'GONDOLA'
  /** Monorail. */
  | 'MONORAIL'
  /** Train. */
  | 'RAIL'
  /** Underground. */
  | 'SUBWAY'
  /** Tram or light rail. */
  | 'TRAM'
  /** Electric bus under a wire. */
  | 'TROLLEYBUS';

/** The levels of the French pollen index, of all pollen or of one kind. */
export type PollenIndex =
  /** Extrêmement élevé. */
  | 'EXTREMELY_HIGH'
  /** Élevé. */
  | 'HIGH'
  /** Faible. */
  | 'LOW'
  /** Modéré. */
  | 'MODERATE'
  /** Très élevé. */
  | 'VERY_HIGH'
  /** Très faible. */
  | 'VERY_LOW';

/** The plants whose pollen is looked after. */
export type PollenTaxon =
  /** Aulne. */
  | 'ALDER'
  /** Bouleau. */
  | 'BIRCH'
  /** Graminées. */
  | 'GRASSES'
  /** Armoise. */
  | 'MUGWORT'
  /** Olivier. */
  | 'OLIVE'
  /** Ambroisie. */
  | 'RAGWEED';

/** Whether one can drive in. */
export type VehicleParkingState =
  /** It is closed. */
  | 'CLOSED'
  /** It is open, and its sign says it is full. */
  | 'FULL'
  /** It is open to all. */
  | 'OPEN'
  /** It is open to those who have a subscription. */
  | 'SUBSCRIBERS_ONLY'
  /** Nobody says, or not lately. */
  | 'UNKNOWN';

/** What is collected together. */
export type WasteStream =
  /** What fits into no bin. */
  | 'BULKY'
  /** What can be composted of the kitchen's. */
  | 'FOOD'
  /** Grass, leaves and branches. */
  | 'GARDEN'
  /** Bottles and jars. */
  | 'GLASS'
  /** What is left after sorting. */
  | 'HOUSEHOLD'
  /** Packaging and paper. */
  | 'RECYCLING';

/** Whether one can board in a wheelchair (GTFS). */
export type WheelchairBoarding =
  /** No. */
  | 'NOT_POSSIBLE'
  /** Nobody says. */
  | 'NO_INFORMATION'
  /** At least some vehicles, yes. */
  | 'POSSIBLE';

export type CityQueryVariables = Exact<{
  city: string;
}>;


export type CityQuery = { city: { name: string, services: Array<{ name: string, sources: Array<{ id: string, name: string, licence: string | null, attribution: string | null, url: string | null }> }> | null, kinds: Array<{ word: string, label: string }> | null, communes: Array<{ insee: string, name: string }> } | null, cities: Array<{ slug: string, name: string }> | null };

export type SearchQueryVariables = Exact<{
  city: string;
  text: string;
}>;


export type SearchQuery = { search: { nodes: Array<{ kind: string, name: string, subtitle: string | null, node:
        | { __typename: 'Alert', id: string }
        | { __typename: 'BridgeClosure', id: string }
        | { __typename: 'City', id: string }
        | { __typename: 'Commune', insee: string, id: string }
        | { __typename: 'Event', id: string }
        | { __typename: 'Menu', id: string }
        | { __typename: 'ParticipatoryProcess', id: string }
        | { __typename: 'Pool', id: string }
        | { __typename: 'Proposal', id: string }
        | { __typename: 'PublicPlace', id: string }
        | { __typename: 'RentalVehicle', id: string }
        | { __typename: 'Report', id: string }
        | { __typename: 'RoadEvent', id: string }
        | { __typename: 'RoadSegment', id: string }
        | { __typename: 'Route', id: string }
        | { __typename: 'School', id: string }
        | { __typename: 'Sensor', id: string }
        | { __typename: 'Stop', id: string }
        | { __typename: 'VehicleParking', id: string }
        | { __typename: 'VehicleRentalStation', id: string }
       }>, missing: Array<{ name: string }> } | null };

export type AroundQueryVariables = Exact<{
  city: string;
  lat: number;
  lon: number;
}>;


export type AroundQuery = { nearest: { nodes: Array<{ distance: number, place:
        | { __typename: 'Event', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
        | { __typename: 'Pool', id: string, name: string, kind: string, address: { street: string | null, city: string | null } }
        | { __typename: 'PublicPlace', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
        | { __typename: 'RentalVehicle', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
        | { __typename: 'Report', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
        | { __typename: 'School', id: string, name: string, kind: string, address: { street: string | null, city: string | null } }
        | { __typename: 'Sensor', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
        | { __typename: 'Stop', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
        | { __typename: 'VehicleParking', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
        | { __typename: 'VehicleRentalStation', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
       }>, missing: Array<{ name: string }> } | null };

export type BrowseQueryVariables = Exact<{
  city: string;
  kind: string;
}>;


export type BrowseQuery = { places: { nodes: Array<
      | { __typename: 'Event', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
      | { __typename: 'Pool', id: string, name: string, kind: string, address: { street: string | null, city: string | null } }
      | { __typename: 'PublicPlace', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
      | { __typename: 'RentalVehicle', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
      | { __typename: 'Report', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
      | { __typename: 'School', id: string, name: string, kind: string, address: { street: string | null, city: string | null } }
      | { __typename: 'Sensor', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
      | { __typename: 'Stop', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
      | { __typename: 'VehicleParking', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
      | { __typename: 'VehicleRentalStation', id: string, name: string, kind: string, address: { street: string | null, city: string | null } | null }
    >, missing: Array<{ name: string }> } | null };

export type DirectionsQueryVariables = Exact<{
  stop: string | number;
}>;


export type DirectionsQuery = { stop: { id: string, quays: Array<{ id: string, platformCode: string | null, departures: Array<{ headsign: string | null, route: { shortName: string | null } | null }> | null }> | null } | null };

export type AddressesQueryVariables = Exact<{
  city: string;
  text: string;
}>;


export type AddressesQuery = { addresses: Array<{ id: string, label: string, kind: AddressKind }> | null };

export type HomeQueryVariables = Exact<{
  city: string;
  ids: Array<string | number> | string | number;
  air: boolean;
  commune?: string | null | undefined;
  pollen: boolean;
  pollenIn: string;
  events: boolean;
  waste: boolean;
  address: string;
}>;


export type HomeQuery = { nodes: Array<
    | { __typename: 'Alert', id: string }
    | { __typename: 'BridgeClosure', id: string }
    | { __typename: 'City', id: string }
    | { __typename: 'Commune', id: string }
    | { __typename: 'Event', name: string, kind: string, wheelchairAccessible: boolean | null, url: string | null, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, nextOccurrence: { start: string, end: string | null, allDay: boolean, status: EventStatus } | null }
    | { __typename: 'Menu', id: string }
    | { __typename: 'ParticipatoryProcess', id: string }
    | { __typename: 'Pool', name: string, kind: string, openNow: boolean | null, opensAt: string | null, closesAt: string | null, wheelchairAccessible: boolean | null, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, hours: Array<{ date: string, closed: boolean | null, reason: string | null, timeSpans: Array<{ from: string, to: string }> }> | null, attendance: { current: number | null, capacity: number | null } | null }
    | { __typename: 'Proposal', id: string }
    | { __typename: 'PublicPlace', name: string, kind: string, openNow: boolean | null, opensAt: string | null, closesAt: string | null, wheelchairAccessible: boolean | null, phone: string | null, website: string | null, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, hours: Array<{ date: string, closed: boolean | null, reason: string | null, timeSpans: Array<{ from: string, to: string }> }> | null, details: Array<{ label: string, value: string }> }
    | { __typename: 'RentalVehicle', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null }
    | { __typename: 'Report', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null }
    | { __typename: 'RoadEvent', id: string }
    | { __typename: 'RoadSegment', id: string }
    | { __typename: 'Route', shortName: string | null, longName: string | null, mode: Mode | null, color: string | null, textColor: string | null, id: string, alerts: Array<{ id: string, header: string | null, description: string | null, status: AlertStatus, severityLevel: AlertSeverityLevel, effectiveStart: string | null, effectiveEnd: string | null }> | null }
    | { __typename: 'School', name: string, kind: string, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, menus: Array<{ id: string, date: string, courses: Array<{ dishes: Array<{ name: string, labels: Array<string> }> }> }> | null }
    | { __typename: 'Sensor', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null }
    | { __typename: 'Stop', name: string, kind: string, platformCode: string | null, wheelchairBoarding: WheelchairBoarding, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, alerts: Array<{ id: string, header: string | null }> | null, departures: Array<{ headsign: string | null, expectedAt: string, realtime: boolean, atStop: boolean, platformCode: string | null, route: { shortName: string | null, mode: Mode | null, color: string | null, textColor: string | null } | null }> | null }
    | { __typename: 'VehicleParking', name: string, kind: string, state: VehicleParkingState, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availability: { carSpaces: number | null, wheelchairAccessibleCarSpaces: number | null } | null, spaces: { carSpaces: number | null } }
    | { __typename: 'VehicleRentalStation', name: string, kind: string, availableSpaces: number | null, operative: boolean | null, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availableVehicles: { total: number } | null }
   | null>, air?: Array<{ date: string, communeName: string | null, index: AirQualityIndex | null, publisher: string | null, no2: AirQualityIndex | null, o3: AirQualityIndex | null, pm10: AirQualityIndex | null, pm25: AirQualityIndex | null, so2: AirQualityIndex | null }> | null, pollen?: Array<{ date: string, communeName: string | null, index: PollenIndex | null, publisher: string | null, alert: boolean | null, taxa: Array<{ taxon: PollenTaxon, index: PollenIndex | null }> }> | null, events?: { nodes: Array<{ id: string, name: string, url: string | null, address: { city: string | null } | null, nextOccurrence: { start: string, allDay: boolean, status: EventStatus } | null }> } | null, collections?: { address: { label: string }, streams: Array<{ stream: WasteStream, certainty: Certainty, asGiven: string, appliesTo: string | null, dropOff: boolean, nextDates: Array<{ date: string, publicHoliday: string | null }> }> } | null };

export type AirFragment = { date: string, communeName: string | null, index: AirQualityIndex | null, publisher: string | null, no2: AirQualityIndex | null, o3: AirQualityIndex | null, pm10: AirQualityIndex | null, pm25: AirQualityIndex | null, so2: AirQualityIndex | null };

export type AgendaFragment = { nodes: Array<{ id: string, name: string, url: string | null, address: { city: string | null } | null, nextOccurrence: { start: string, allDay: boolean, status: EventStatus } | null }> };

export type HomeUpdatesSubscriptionVariables = Exact<{
  ids: Array<string | number> | string | number;
}>;


export type HomeUpdatesSubscription = { nodes: Array<{ id: string, node:
      | { __typename: 'Alert', id: string }
      | { __typename: 'BridgeClosure', id: string }
      | { __typename: 'City', id: string }
      | { __typename: 'Commune', id: string }
      | { __typename: 'Event', name: string, kind: string, wheelchairAccessible: boolean | null, url: string | null, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, nextOccurrence: { start: string, end: string | null, allDay: boolean, status: EventStatus } | null }
      | { __typename: 'Menu', id: string }
      | { __typename: 'ParticipatoryProcess', id: string }
      | { __typename: 'Pool', name: string, kind: string, openNow: boolean | null, opensAt: string | null, closesAt: string | null, wheelchairAccessible: boolean | null, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, hours: Array<{ date: string, closed: boolean | null, reason: string | null, timeSpans: Array<{ from: string, to: string }> }> | null, attendance: { current: number | null, capacity: number | null } | null }
      | { __typename: 'Proposal', id: string }
      | { __typename: 'PublicPlace', name: string, kind: string, openNow: boolean | null, opensAt: string | null, closesAt: string | null, wheelchairAccessible: boolean | null, phone: string | null, website: string | null, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, hours: Array<{ date: string, closed: boolean | null, reason: string | null, timeSpans: Array<{ from: string, to: string }> }> | null, details: Array<{ label: string, value: string }> }
      | { __typename: 'RentalVehicle', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null }
      | { __typename: 'Report', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null }
      | { __typename: 'RoadEvent', id: string }
      | { __typename: 'RoadSegment', id: string }
      | { __typename: 'Route', shortName: string | null, longName: string | null, mode: Mode | null, color: string | null, textColor: string | null, id: string, alerts: Array<{ id: string, header: string | null, description: string | null, status: AlertStatus, severityLevel: AlertSeverityLevel, effectiveStart: string | null, effectiveEnd: string | null }> | null }
      | { __typename: 'School', name: string, kind: string, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, menus: Array<{ id: string, date: string, courses: Array<{ dishes: Array<{ name: string, labels: Array<string> }> }> }> | null }
      | { __typename: 'Sensor', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null }
      | { __typename: 'Stop', name: string, kind: string, platformCode: string | null, wheelchairBoarding: WheelchairBoarding, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, alerts: Array<{ id: string, header: string | null }> | null, departures: Array<{ headsign: string | null, expectedAt: string, realtime: boolean, atStop: boolean, platformCode: string | null, route: { shortName: string | null, mode: Mode | null, color: string | null, textColor: string | null } | null }> | null }
      | { __typename: 'VehicleParking', name: string, kind: string, state: VehicleParkingState, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availability: { carSpaces: number | null, wheelchairAccessibleCarSpaces: number | null } | null, spaces: { carSpaces: number | null } }
      | { __typename: 'VehicleRentalStation', name: string, kind: string, availableSpaces: number | null, operative: boolean | null, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availableVehicles: { total: number } | null }
     | null }> | null };

export type StarterQueryVariables = Exact<{
  city: string;
}>;


export type StarterQuery = { search: { nodes: Array<{ node:
        | { __typename: 'Alert', id: string }
        | { __typename: 'BridgeClosure', id: string }
        | { __typename: 'City', id: string }
        | { __typename: 'Commune', id: string }
        | { __typename: 'Event', name: string, kind: string, wheelchairAccessible: boolean | null, url: string | null, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, nextOccurrence: { start: string, end: string | null, allDay: boolean, status: EventStatus } | null }
        | { __typename: 'Menu', id: string }
        | { __typename: 'ParticipatoryProcess', id: string }
        | { __typename: 'Pool', name: string, kind: string, openNow: boolean | null, opensAt: string | null, closesAt: string | null, wheelchairAccessible: boolean | null, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, hours: Array<{ date: string, closed: boolean | null, reason: string | null, timeSpans: Array<{ from: string, to: string }> }> | null, attendance: { current: number | null, capacity: number | null } | null }
        | { __typename: 'Proposal', id: string }
        | { __typename: 'PublicPlace', name: string, kind: string, openNow: boolean | null, opensAt: string | null, closesAt: string | null, wheelchairAccessible: boolean | null, phone: string | null, website: string | null, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, hours: Array<{ date: string, closed: boolean | null, reason: string | null, timeSpans: Array<{ from: string, to: string }> }> | null, details: Array<{ label: string, value: string }> }
        | { __typename: 'RentalVehicle', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null }
        | { __typename: 'Report', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null }
        | { __typename: 'RoadEvent', id: string }
        | { __typename: 'RoadSegment', id: string }
        | { __typename: 'Route', shortName: string | null, longName: string | null, mode: Mode | null, color: string | null, textColor: string | null, id: string, alerts: Array<{ id: string, header: string | null, description: string | null, status: AlertStatus, severityLevel: AlertSeverityLevel, effectiveStart: string | null, effectiveEnd: string | null }> | null }
        | { __typename: 'School', name: string, kind: string, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, menus: Array<{ id: string, date: string, courses: Array<{ dishes: Array<{ name: string, labels: Array<string> }> }> }> | null }
        | { __typename: 'Sensor', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null }
        | { __typename: 'Stop', name: string, kind: string, platformCode: string | null, wheelchairBoarding: WheelchairBoarding, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, alerts: Array<{ id: string, header: string | null }> | null, departures: Array<{ headsign: string | null, expectedAt: string, realtime: boolean, atStop: boolean, platformCode: string | null, route: { shortName: string | null, mode: Mode | null, color: string | null, textColor: string | null } | null }> | null }
        | { __typename: 'VehicleParking', name: string, kind: string, state: VehicleParkingState, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availability: { carSpaces: number | null, wheelchairAccessibleCarSpaces: number | null } | null, spaces: { carSpaces: number | null } }
        | { __typename: 'VehicleRentalStation', name: string, kind: string, availableSpaces: number | null, operative: boolean | null, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availableVehicles: { total: number } | null }
       }> } | null, bikes: { nodes: Array<{ __typename: 'VehicleRentalStation', name: string, kind: string, availableSpaces: number | null, operative: boolean | null, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availableVehicles: { total: number } | null }> } | null, pools: { nodes: Array<{ __typename: 'Pool', name: string, kind: string, openNow: boolean | null, opensAt: string | null, closesAt: string | null, wheelchairAccessible: boolean | null, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, hours: Array<{ date: string, closed: boolean | null, reason: string | null, timeSpans: Array<{ from: string, to: string }> }> | null, attendance: { current: number | null, capacity: number | null } | null }> } | null, schools: { nodes: Array<{ __typename: 'School', name: string, kind: string, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, menus: Array<{ id: string, date: string, courses: Array<{ dishes: Array<{ name: string, labels: Array<string> }> }> }> | null }> } | null, parkings: { nodes: Array<{ __typename: 'VehicleParking', name: string, kind: string, state: VehicleParkingState, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availability: { carSpaces: number | null, wheelchairAccessibleCarSpaces: number | null } | null, spaces: { carSpaces: number | null } }> } | null, air: Array<{ insee: string, date: string, communeName: string | null, index: AirQualityIndex | null, publisher: string | null, no2: AirQualityIndex | null, o3: AirQualityIndex | null, pm10: AirQualityIndex | null, pm25: AirQualityIndex | null, so2: AirQualityIndex | null }> | null, events: { nodes: Array<{ id: string, name: string, url: string | null, address: { city: string | null } | null, nextOccurrence: { start: string, allDay: boolean, status: EventStatus } | null }> } | null };

type Tile_Alert_Fragment = { __typename: 'Alert', id: string };

type Tile_BridgeClosure_Fragment = { __typename: 'BridgeClosure', id: string };

type Tile_City_Fragment = { __typename: 'City', id: string };

type Tile_Commune_Fragment = { __typename: 'Commune', id: string };

type Tile_Event_Fragment = { __typename: 'Event', name: string, kind: string, wheelchairAccessible: boolean | null, url: string | null, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, nextOccurrence: { start: string, end: string | null, allDay: boolean, status: EventStatus } | null };

type Tile_Menu_Fragment = { __typename: 'Menu', id: string };

type Tile_ParticipatoryProcess_Fragment = { __typename: 'ParticipatoryProcess', id: string };

type Tile_Pool_Fragment = { __typename: 'Pool', name: string, kind: string, openNow: boolean | null, opensAt: string | null, closesAt: string | null, wheelchairAccessible: boolean | null, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, hours: Array<{ date: string, closed: boolean | null, reason: string | null, timeSpans: Array<{ from: string, to: string }> }> | null, attendance: { current: number | null, capacity: number | null } | null };

type Tile_Proposal_Fragment = { __typename: 'Proposal', id: string };

type Tile_PublicPlace_Fragment = { __typename: 'PublicPlace', name: string, kind: string, openNow: boolean | null, opensAt: string | null, closesAt: string | null, wheelchairAccessible: boolean | null, phone: string | null, website: string | null, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, hours: Array<{ date: string, closed: boolean | null, reason: string | null, timeSpans: Array<{ from: string, to: string }> }> | null, details: Array<{ label: string, value: string }> };

type Tile_RentalVehicle_Fragment = { __typename: 'RentalVehicle', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null };

type Tile_Report_Fragment = { __typename: 'Report', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null };

type Tile_RoadEvent_Fragment = { __typename: 'RoadEvent', id: string };

type Tile_RoadSegment_Fragment = { __typename: 'RoadSegment', id: string };

type Tile_Route_Fragment = { __typename: 'Route', shortName: string | null, longName: string | null, mode: Mode | null, color: string | null, textColor: string | null, id: string, alerts: Array<{ id: string, header: string | null, description: string | null, status: AlertStatus, severityLevel: AlertSeverityLevel, effectiveStart: string | null, effectiveEnd: string | null }> | null };

type Tile_School_Fragment = { __typename: 'School', name: string, kind: string, id: string, address: { street: string | null, city: string | null }, source: { id: string } | null, menus: Array<{ id: string, date: string, courses: Array<{ dishes: Array<{ name: string, labels: Array<string> }> }> }> | null };

type Tile_Sensor_Fragment = { __typename: 'Sensor', name: string, kind: string, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null };

type Tile_Stop_Fragment = { __typename: 'Stop', name: string, kind: string, platformCode: string | null, wheelchairBoarding: WheelchairBoarding, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, alerts: Array<{ id: string, header: string | null }> | null, departures: Array<{ headsign: string | null, expectedAt: string, realtime: boolean, atStop: boolean, platformCode: string | null, route: { shortName: string | null, mode: Mode | null, color: string | null, textColor: string | null } | null }> | null };

type Tile_VehicleParking_Fragment = { __typename: 'VehicleParking', name: string, kind: string, state: VehicleParkingState, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availability: { carSpaces: number | null, wheelchairAccessibleCarSpaces: number | null } | null, spaces: { carSpaces: number | null } };

type Tile_VehicleRentalStation_Fragment = { __typename: 'VehicleRentalStation', name: string, kind: string, availableSpaces: number | null, operative: boolean | null, realtime: boolean, id: string, address: { street: string | null, city: string | null } | null, source: { id: string } | null, availableVehicles: { total: number } | null };

export type TileFragment =
  | Tile_Alert_Fragment
  | Tile_BridgeClosure_Fragment
  | Tile_City_Fragment
  | Tile_Commune_Fragment
  | Tile_Event_Fragment
  | Tile_Menu_Fragment
  | Tile_ParticipatoryProcess_Fragment
  | Tile_Pool_Fragment
  | Tile_Proposal_Fragment
  | Tile_PublicPlace_Fragment
  | Tile_RentalVehicle_Fragment
  | Tile_Report_Fragment
  | Tile_RoadEvent_Fragment
  | Tile_RoadSegment_Fragment
  | Tile_Route_Fragment
  | Tile_School_Fragment
  | Tile_Sensor_Fragment
  | Tile_Stop_Fragment
  | Tile_VehicleParking_Fragment
  | Tile_VehicleRentalStation_Fragment
;

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const AirFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment Air on AirQuality {
  date
  communeName
  index
  publisher
  no2
  o3
  pm10
  pm25
  so2
}
    `, {"fragmentName":"Air"}) as unknown as TypedDocumentString<AirFragment, unknown>;
export const AgendaFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment Agenda on EventConnection {
  nodes {
    id
    name
    url
    address {
      city
    }
    nextOccurrence {
      start
      allDay
      status
    }
  }
}
    `, {"fragmentName":"Agenda"}) as unknown as TypedDocumentString<AgendaFragment, unknown>;
export const TileFragmentDoc = /*#__PURE__*/ new TypedDocumentString(`
    fragment Tile on Node {
  __typename
  id
  ... on Place {
    name
    kind
    address {
      street
      city
    }
    source {
      id
    }
  }
  ... on Opens {
    openNow
    opensAt
    closesAt
    hours(days: 1) {
      date
      closed
      reason
      timeSpans {
        from
        to
      }
    }
  }
  ... on Stop {
    platformCode
    wheelchairBoarding
    alerts {
      id
      header
    }
    departures(first: 6) {
      headsign
      expectedAt
      realtime
      atStop
      platformCode
      route {
        shortName
        mode
        color
        textColor
      }
    }
  }
  ... on Route {
    shortName
    longName
    mode
    color
    textColor
    alerts(status: [ACTIVE, UPCOMING]) {
      id
      header
      description
      status
      severityLevel
      effectiveStart
      effectiveEnd
    }
  }
  ... on Pool {
    wheelchairAccessible
    attendance {
      current
      capacity
    }
  }
  ... on School {
    menus(days: 7) {
      id
      date
      courses {
        dishes {
          name
          labels
        }
      }
    }
  }
  ... on VehicleRentalStation {
    availableVehicles {
      total
    }
    availableSpaces
    operative
    realtime
  }
  ... on VehicleParking {
    state
    availability {
      carSpaces
      wheelchairAccessibleCarSpaces
    }
    spaces: capacity {
      carSpaces
    }
    realtime
  }
  ... on PublicPlace {
    wheelchairAccessible
    phone
    website
    details {
      label
      value
    }
  }
  ... on Event {
    wheelchairAccessible
    url
    nextOccurrence {
      start
      end
      allDay
      status
    }
  }
}
    `, {"fragmentName":"Tile"}) as unknown as TypedDocumentString<TileFragment, unknown>;
export const CityDocument = {"__meta__":{"hash":"sha256:f6a6fb4323d608d05e4e942b95a011d5531117e24d68ac8e526bd775a8fed485"}} as unknown as TypedDocumentString<CityQuery, CityQueryVariables>;
export const SearchDocument = {"__meta__":{"hash":"sha256:b1a16237a44af76a9febdda1a82ead85568ffbb954635be244de80ce856da06f"}} as unknown as TypedDocumentString<SearchQuery, SearchQueryVariables>;
export const AroundDocument = {"__meta__":{"hash":"sha256:e446d06ee7fb2917cde097fef367dd6bb8d442f9d690c2af5733a20038eb2cc6"}} as unknown as TypedDocumentString<AroundQuery, AroundQueryVariables>;
export const BrowseDocument = {"__meta__":{"hash":"sha256:e40230d99e40306198baf37d423f4e6fab626fde5fdd14f5a40cb0d93acb353b"}} as unknown as TypedDocumentString<BrowseQuery, BrowseQueryVariables>;
export const DirectionsDocument = {"__meta__":{"hash":"sha256:c43e149e6278244ee980f8dea92cb2b540f492cff4d775240dc915840ff5ff9f"}} as unknown as TypedDocumentString<DirectionsQuery, DirectionsQueryVariables>;
export const AddressesDocument = {"__meta__":{"hash":"sha256:7ce143048eaf3caa9127d15f47035135635b0a70bd94aa3598a40c777d49c2de"}} as unknown as TypedDocumentString<AddressesQuery, AddressesQueryVariables>;
export const HomeDocument = {"__meta__":{"hash":"sha256:5fd00273c98efbc49208ab5a649e5e4a240d9b868c1bbdd6b740a652d792b055"}} as unknown as TypedDocumentString<HomeQuery, HomeQueryVariables>;
export const HomeUpdatesDocument = {"__meta__":{"hash":"sha256:6310d15ff100e82ba0f83d8746f212187c500fa0d631dc165f914901be9694dc"}} as unknown as TypedDocumentString<HomeUpdatesSubscription, HomeUpdatesSubscriptionVariables>;
export const StarterDocument = {"__meta__":{"hash":"sha256:71bf58df7495bcc99950345f6b600b6f781b08bdc3d95346ccce02a5a7b1cc6e"}} as unknown as TypedDocumentString<StarterQuery, StarterQueryVariables>;